"""Pages for when there is nothing to show: say what is the matter and where to go."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from publisher.dashboard.language import _, msg
from publisher.dashboard.rendering import HOME, Crumb, Page, render, reply
from publisher.dashboard.site import Site
from publisher.dashboard.units import UnitKind

_SEARCH = Crumb(msg("Alle scholen, met een zoekveld"), "/scholen")
_FRONT = Crumb(msg("De voorpagina"), HOME.href)
_RELEASES = Crumb(msg("Alle uitgaven"), "/releases")
_METHOD = Crumb(msg("Uitleg bij de cijfers"), "/methode")
_TOPICS = Crumb(msg("Alle onderwerpen"), "/onderwerpen")
_WAYS = (_RELEASES, _METHOD)


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """What a page says about a status."""

    title: str
    explanation: str


_ELSE = ProblemWords(
    msg("Deze pagina is nu niet te tonen"),
    msg("Er ging iets mis bij ons. Probeer het later nog eens. Er is niets veranderd."),
)
_BY_STATUS = {
    400: ProblemWords(
        msg("Dit adres klopt niet"),
        msg(
            "Een deel van het adres is niet wat wij verwachten. Kies hieronder een pagina en "
            "begin van daar."
        ),
    ),
    401: ProblemWords(
        msg("U moet eerst inloggen"),
        msg("Deze pagina is alleen te zien voor wie is ingelogd."),
    ),
    403: ProblemWords(
        msg("U mag deze pagina niet zien"),
        msg(
            "U bent ingelogd, maar deze pagina hoort niet bij uw rol. Vraag degene die de toegang "
            "regelt om hulp."
        ),
    ),
    404: ProblemWords(
        msg("Deze pagina is er niet"),
        msg(
            "Misschien is het adres niet goed overgenomen, of is de pagina verhuisd. Zoek een "
            "school op naam, of kies een van deze pagina’s."
        ),
    ),
    405: ProblemWords(
        msg("Dit kan hier niet"),
        msg("Dit adres is niet bedoeld om in een browser te openen. Kies een van deze pagina’s."),
    ),
    410: ProblemWords(
        msg("Deze pagina is er niet meer"),
        msg("Wat hier stond, is ingetrokken of verlopen. Kies een van deze pagina’s."),
    ),
    429: ProblemWords(
        msg("Er zijn te veel vragen tegelijk"),
        msg("Vanaf uw netwerk komen nu veel vragen. Wacht een minuut en probeer het opnieuw."),
    ),
    503: ProblemWords(
        msg("Het is nu te druk"),
        msg("Wij kunnen deze pagina nu niet maken. Wacht een minuut en probeer het opnieuw."),
    ),
}
_BY_CODE = {
    "agreement-not-in-force": ProblemWords(
        msg("De overeenkomst is nu niet geldig"),
        msg(
            "U kunt dit nu niet zien of doen. De overeenkomst van uw organisatie, of van wie uw "
            "rol bevestigde, geldt vandaag niet. Vraag degene die de toegang regelt om hulp."
        ),
    ),
    "mandate-not-in-force": ProblemWords(
        msg("Uw rol geldt niet meer"),
        msg(
            "Uw rol als goedkeurder is verlopen of ingetrokken. Vraag degene die de toegang regelt "
            "om een nieuwe."
        ),
    ),
    "mandate-altered": ProblemWords(
        msg("Er is iets mis met uw rol"),
        msg(
            "Uw rol is niet zoals zij is gegeven en bevestigd. Daarom kunt u niet verder. Meld dit "
            "aan degene die de toegang regelt."
        ),
    ),
    "form-not-ours": ProblemWords(
        msg("Dit formulier is verlopen"),
        msg(
            "Open de pagina opnieuw en verstuur het formulier nog een keer. Er is niets veranderd."
        ),
    ),
    "approver-is-proposer": ProblemWords(
        msg("U kunt deze uitgave niet goedkeuren"),
        msg(
            "Uw organisatie heeft haar zelf voorgesteld. Vraag een collega van een andere "
            "organisatie."
        ),
    ),
    "approval-of-other-bytes": ProblemWords(
        msg("Deze uitgave is veranderd"),
        msg(
            "Wat u zag, is niet wat er nu ligt. Open de pagina van de uitgave opnieuw. Er is niets "
            "goedgekeurd."
        ),
    ),
    "released-bytes-differ": ProblemWords(
        msg("Deze uitgave is niet zoals zij is getekend"),
        msg(
            "Daarom tonen wij haar niet, en telt er niets van mee. Blijft dit zo? Meld het dan aan "
            "degene die deze dienst beheert."
        ),
    ),
    "screening-failed": ProblemWords(
        msg("De controle keurt deze uitgave af"),
        msg(
            "Bij het opnieuw narekenen klopte er iets niet. Er is niets goedgekeurd. Op de pagina "
            "van de uitgave staat wat er is gevonden."
        ),
    ),
    "approval-kind-not-accepted": ProblemWords(
        msg("Een oordeel op de pagina telt hier niet"),
        msg(
            "Volgens het beleid telt voor deze ronde alleen een handtekening die u op uw eigen "
            "computer zet."
        ),
    ),
    "reason-missing": ProblemWords(
        msg("Schrijf op wat er anders moet"),
        msg(
            "Zonder reden kan de indiener niets verbeteren. Ga terug en vul het veld in. Er is "
            "niets veranderd."
        ),
    ),
}
"""What somebody who decides on a page can do about; any other code has the words of its status."""
_STATES = {
    "withdrawn": ProblemWords(
        msg("De cijfers zijn ingetrokken"),
        msg(
            "De laatste uitgave is ingetrokken. Gebruik deze cijfers niet meer. De reden staat "
            "bij de uitgave. Er is nu geen andere uitgave met geldige cijfers."
        ),
    ),
    "expired": ProblemWords(
        msg("De cijfers zijn verlopen"),
        msg(
            "De bewaartermijn van de laatste uitgave is voorbij. De cijfers zijn verwijderd. Er "
            "is nu geen nieuwere uitgave."
        ),
    ),
}
_NONE = ProblemWords(
    msg("Er zijn nu geen cijfers"),
    msg("De eerste uitgave wordt nog gemaakt. Kijk later nog eens, of lees vast de uitleg."),
)


def problem_page(status: int, code: str = "") -> bytes:
    """A page about a status, in the spoken language; it knows nothing of the request.

    Args:
        status: of the answer.
        code: of the problem; some have words of their own.
    """
    words = _BY_CODE.get(code) or _BY_STATUS.get(status, _ELSE)
    ways = (_FRONT, _TOPICS, _METHOD)
    return _html(Page(_(words.title), HOME.href), _(words.explanation), ways)


def not_found(request: Request, title: str, explanation: str, way: Crumb) -> Response:
    """A page for an address that names nothing that was released."""
    ways = (_SEARCH, _FRONT) if way.href == _SEARCH.href else (way, _SEARCH, _FRONT)
    return reply(request, _html(Page(title, way.href), explanation, ways), status=404)


def unknown_unit(request: Request, kind: UnitKind) -> Response:
    """The page for a unit that the release does not have."""
    return not_found(
        request,
        _("Deze {noun} staat niet in de cijfers", noun=_(kind.noun)),
        _(
            "Controleer de code in het adres. Misschien is de naam of de code veranderd, "
            "of hoort wat u zoekt niet bij de regio."
        ),
        Crumb(kind.list_label, kind.section),
    )


def none_yet(request: Request, section: str, site: Site) -> Response:
    """The page in place of figures while no release is valid, with the reason why."""
    newest = next(iter(site.reader.list()), None)
    if newest is None or newest.state not in _STATES:
        return reply(request, _html(Page(_(_NONE.title), section), _(_NONE.explanation), _WAYS))
    words, name = _STATES[newest.state], newest.manifest.release_id
    ways = (Crumb(msg("De laatste uitgave"), f"{_RELEASES.href}/{name}"), *_WAYS)
    return reply(request, _html(Page(_(words.title), section), _(words.explanation), ways))


def empty(request: Request, section: str) -> Response:
    """The page in place of figures where the release has none of this kind at all."""
    page = Page(_("Hierover zijn geen cijfers"), section)
    explanation = _("In deze uitgave staat geen enkel cijfer om hier te tonen.")
    return reply(request, _html(page, explanation, (_FRONT, *_WAYS)))


def gone(request: Request, site: Site, release_id: str) -> Response:
    """The page for a permanent link to a release of which the figures may not be shown."""
    found = site.reader.find(release_id)
    if found is None or found.state not in _STATES:
        return not_found(
            request,
            _("Deze uitgave is er niet"),
            _("De uitgave in het adres bestaat niet. Kies een uitgave uit de lijst."),
            _RELEASES,
        )
    explanation = _(
        "De cijfers achter deze vaste link zijn ingetrokken of verlopen. Bij de uitgave staat "
        "wanneer en waarom. Gebruik de cijfers van een andere uitgave."
    )
    name = found.manifest.release_id
    ways = (Crumb(msg("Wat er met deze uitgave is"), f"{_RELEASES.href}/{name}"), _RELEASES, _FRONT)
    page = Page(_("Deze cijfers zijn niet meer te zien"), _RELEASES.href)
    return reply(request, _html(page, explanation, ways), status=410)


def _html(page: Page, explanation: str, ways: tuple[Crumb, ...]) -> bytes:
    searches = any(way.href in (_FRONT.href, _SEARCH.href) for way in ways)
    return render("problem.html", page, explanation=explanation, ways=ways, searches=searches)
