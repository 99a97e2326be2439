"""What care exists: products with how often they are used, how long they run and what they cost.

Source: shares, durations and referrers after CBS figures on youth care of 2019-2023; costs are
estimates. Product category and code follow iJw 3.2 (JZ020 and a local list of product codes).
"""

from __future__ import annotations

import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

CATEGORY_FORMS = {
    "31": 1, "32": 2, "33": 3, "34": 4, "35": 11, "36": 12, "37": 13, "38": 14,
    "40": 2, "45": 2, "51": 2, "52": 2, "53": 2, "54": 2, "41": 3, "44": 11, "43": 14,
    "46": 19, "50": 19, "55": 19, "42": 90, "47": 91, "48": 92, "49": 93,
}  # fmt: skip
"""CBS form per product category (JZ020); from 90 upward it is not youth care."""

PRODUCT_FORMS = {"44A12": 12, "43A13": 13, "45A04": 4, "45A01": 1}
"""Products whose form differs from that of their category."""


def form_of(category: str, product: str) -> int:
    """CBS form of a product; its code may be written in lower case."""
    return PRODUCT_FORMS.get(product.upper(), CATEGORY_FORMS[category])


@dataclass(frozen=True, slots=True)
class Product:
    """A product.

    Attributes:
        offer: which providers deliver it, as in ``providers``.
        ages: youngest and oldest age at the start.
        weight: how often it is used among the products that fit.
        stretch: duration relative to the usual one.
        year_eur: cost of a whole year of it; most children use it for part of a year.
        unit: WJ756; volume per week in that unit follows.
    """

    category: str
    code: str
    offer: str
    ages: tuple[int, int]
    weight: float
    stretch: float
    year_eur: int
    unit: str
    week_volume: float

    @property
    def stay(self) -> bool:
        """Whether the child lives elsewhere."""
        return self.offer in ("stay", "foster")


PRODUCTS = (
    Product("45", "45A48", "talk", (0, 22), 20.0, 1.0, 10_400, "01", 75),
    Product("45", "45A49", "talk", (4, 22), 7.0, 0.8, 7_600, "01", 90),
    Product("45", "45A04", "talk", (0, 22), 14.0, 1.1, 9_500, "04", 1.25),
    Product("45", "45A01", "talk", (0, 22), 11.0, 0.8, 2_800, "04", 0.5),
    Product("54", "54001", "mind", (4, 22), 9.0, 1.0, 8_600, "01", 50),
    Product("54", "54002", "mind", (6, 22), 7.0, 1.3, 17_100, "01", 80),
    Product("54", "54004", "mind", (4, 18), 5.0, 0.35, 9_500, "82", 0.1),
    Product("54", "54013", "read", (7, 12), 8.0, 1.2, 4_900, "01", 50),
    Product("51", "51A01", "mind", (4, 22), 5.0, 0.6, 5_700, "01", 45),
    Product("52", "52A01", "mind", (6, 22), 3.0, 1.4, 18_000, "01", 85),
    Product("40", "40A05", "medical", (0, 17), 1.0, 1.5, 10_500, "04", 3),
    Product("53", "53A01", "medical", (0, 17), 1.0, 0.6, 3_800, "84", 0.2),
    Product("41", "41A11", "day", (2, 13), 6.5, 0.9, 22_500, "16", 4),
    Product("44", "44A07", "foster", (0, 20), 2.6, 2.0, 25_300, "14", 7),
    Product("44", "44A12", "foster", (3, 20), 0.7, 1.6, 66_700, "14", 7),
    Product("43", "43A13", "stay", (12, 17), 0.5, 0.7, 172_500, "14", 7),
    Product("43", "43A22", "stay", (6, 20), 2.4, 0.9, 97_700, "14", 7),
    Product("46", "46A03", "talk", (0, 18), 1.2, 0.12, 57_000, "84", 1),
    Product("50", "50A01", "day", (0, 22), 0.7, 0.8, 30_000, "83", 1),
    Product("55", "55A01", "mind", (6, 20), 0.4, 0.8, 85_500, "14", 7),
)
OUTSIDE_YOUTH_CARE = (
    Product("48", "48A01", "law", (0, 17), 4.0, 1.3, 11_700, "84", 0.25),
    Product("42", "42A03", "ride", (4, 17), 2.5, 1.0, 5_200, "82", 8),
    Product("47", "47A02", "law", (12, 22), 1.0, 0.8, 10_400, "84", 0.25),
    Product("49", "49A05", "law", (4, 17), 0.4, 0.5, 6_500, "84", 0.25),
)
GIVEN_WITHIN = {"45A48": "45A9", "45A49": "45A9", "41A11": "41A9", "54001": "54A9"}
"""Products that a child can also have within an arrangement, with the code of that but for the
number of the arrangement; form and kind of help follow from the category and are the same."""
ARRANGEMENT_PRODUCTS = {
    f"{code}{number}": number for code in GIVEN_WITHIN.values() for number in (1, 2, 3)
}
"""The number of the arrangement of every such product."""
BY_CODE = {product.code: product for product in PRODUCTS + OUTSIDE_YOUTH_CARE}


class Menu:
    """Draws a product that fits an age."""

    def __init__(self, products: tuple[Product, ...]) -> None:
        self._tables: list[tuple[list[Product], list[float]]] = []
        for age in range(23):
            fit = [product for product in products if product.ages[0] <= age <= product.ages[1]]
            self._tables.append((fit, list(accumulate(product.weight for product in fit))))

    def draw(self, age: int, dice: random.Random) -> Product:
        """A product for a child of this age."""
        fit, cumulative = self._tables[min(max(age, 0), 22)]
        return fit[min(bisect(cumulative, dice.random() * cumulative[-1]), len(fit) - 1)]


# Referrers (COD327) by kind of care; "" is none written.
_REFERRERS = ("01", "02", "03", "04", "05", "06", "08")
_SHARES = {
    "mind": (0.08, 0.65, 0.05, 0.03, 0.09, 0.098, 0.002),
    "stay": (0.30, 0.08, 0.01, 0.45, 0.05, 0.08, 0.03),
    "other": (0.49, 0.21, 0.03, 0.06, 0.03, 0.178, 0.002),
}


def draw_referrer(product: Product, dice: random.Random) -> str:
    """A referrer's code."""
    group = "stay" if product.stay or product.offer == "law" else product.offer
    shares = _SHARES.get("mind" if group == "read" else group, _SHARES["other"])
    return dice.choices(_REFERRERS, shares)[0]
