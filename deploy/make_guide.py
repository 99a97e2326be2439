"""Run the commands of the municipality's guide, and write what the screen showed into the guide.

A capture stands between ``<!-- capture: NAME -->`` and ``<!-- end -->``, below the block with the
commands that made it. The commands are run as they are written there, by the real command line in
a pseudo-terminal, on a made-up municipality (``deploy/guide``). Two runs give the same guide.

    python -m deploy.make_guide [--print]
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.documents import AGREEMENT_VERSION
from deploy.guide.marks import ADDRESS, Marks, shortened
from deploy.guide.scene import Scene
from deploy.guide.terminal import Answer
from shared.hashing.delivering.packed import parts_in

GUIDE = Path(__file__).parents[1] / "docs" / "handleiding" / "gemeente.md"
_CAPTURE = re.compile(
    r"^```sh\n(?P<commands>(?:(?!```).)*?)^```\n\n"
    r"<!-- capture: (?P<name>[a-z-]+) -->\n(?P<old>.*?)^<!-- end -->$",
    re.MULTILINE | re.DOTALL,
)
_NUMBER = "999000007"
"""A test number; it is typed where the screen does not show it."""
_PREPARED = ("identiteit", "vastleggen", "inlezen")
"""What comes before any delivery."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What happens around the commands of a capture.

    Attributes:
        before: what somebody does first.
        answers: what is typed at each command, in order.
        code: the exit code that must follow.
        left_out: parts of the screen that stand in the guide already, each from a line to before
            another, by how they start.
    """

    before: Callable[[Scene], None] | None = None
    answers: Sequence[Sequence[Answer]] = ()
    code: int = 0
    left_out: Sequence[tuple[str, str]] = ()


def _characters_of(name: str) -> Callable[[Path], str]:
    """The first characters of the last hash in a folder, as a person noted them."""
    return lambda folder: parts_in(folder / name)[-1].header.sha256[:8]


def _misname(scene: Scene) -> None:
    scene.write_workbooks({"aanbieder_agb": "agb code zorgaanbieder"})


def _sending(name: str) -> Sequence[Answer]:
    return (Answer("laatste deel:", _characters_of(name)),)


_REPORT = ("Controle van de bestanden", "SYNTHETISCH")
_WIZARD = (
    Answer("Welke ronde? [1]:", ""),
    Answer("Wat wilt u leveren? [1]:", ""),
    Answer("[ijw-jeugdhulp]:", ""),
    Answer("staan de bestanden? [.]:", ""),
    Answer("[2]:", ""),
    Answer("[1]:", ""),
    Answer("[0]:", ""),
    Answer("[0]:", ""),
    Answer("Verzegelen? [J/n]:", ""),
    Answer("nieuwe map? [verzegeld-care]:", ""),
    Answer("haar nummer:", ""),
    Answer("Nu versturen? [j/N]:", "j"),
    Answer("(https://…)", ADDRESS),
    Answer("laatste deel:", _characters_of("verzegeld-care")),
)
CAPTURES = {
    "identiteit": Capture(),
    "vastleggen": Capture(),
    "inlezen": Capture(),
    "klaar": Capture(),
    "stand": Capture(),
    "wizard": Capture(
        answers=(_WIZARD,),
        left_out=(("AANGEPASTE RIJEN", "Deze levering kan"), ("Uit uw bestanden", "Nooit in de")),
    ),
    "controle-fout": Capture(before=_misname, code=2),
    "controle-goed": Capture(before=Scene.write_workbooks),
    "verzegelen": Capture(left_out=(_REPORT,)),
    "tonen": Capture(),
    "versturen": Capture(answers=(_sending("verzegeld-care"),)),
    "bewijs": Capture(),
    "opnieuw": Capture(
        answers=((), _sending("verzegeld-care-2")),
        left_out=(_REPORT, ("Uit uw bestanden", "care-1-")),
    ),
    "bezwaar": Capture(answers=((Answer("typt):", _NUMBER), Answer("keer:", _NUMBER)),)),
    "bezwaar-versturen": Capture(answers=((), _sending("verzegeld-bezwaren"))),
    "bezwaar-lijst": Capture(),
    "mis": Capture(code=2),
}


@dataclass(slots=True)
class Run:
    """A scene in which commands of the guide are typed, in their order.

    Attributes:
        words: what is typed in the place of a word of the guide.
    """

    scene: Scene
    stack: ExitStack
    words: dict[str, str] = field(default_factory=dict)

    def type(self, commands: str, around: Capture) -> str:
        """What the screen showed of these commands."""
        if around.before is not None:
            around.before(self.scene)
        shown = []
        for place, line in enumerate(commands.splitlines()):
            arguments = shlex.split(line)[1:]
            answers = around.answers[place] if place < len(around.answers) else ()
            said = self.scene.municipality.run(
                *(self.words.get(word, word) for word in arguments),
                answers=[Answer(each.question, self._keys(each)) for each in answers],
                code=around.code,
            )
            shown.append(said.strip("\n"))
            self._after(arguments)
        return "\n\n".join(shown)

    def _keys(self, answer: Answer) -> str | Callable[[Path], str]:
        return self.words.get(answer.keys, answer.keys) if isinstance(answer.keys, str) else (
            answer.keys
        )  # fmt: skip

    def _after(self, arguments: Sequence[str]) -> None:
        """What the others do next, and what the municipality knows from then on."""
        if arguments[:2] == ["key", "identity"]:
            pins = self.scene.open_round()
            self.words |= {
                "VINGERAFDRUK-SLEUTELBEHEERDER": pins.key_office,
                "VINGERAFDRUK-KOPPELAAR": pins.linker,
                "VINGERAFDRUK-PUBLICIST": pins.publisher,
                "VERSIE": AGREEMENT_VERSION,
                ADDRESS: self.stack.enter_context(self.scene.linker()),
            }
        if arguments[:2] == ["seal", "care/1"]:
            parts = parts_in(self.scene.municipality.folder / "verzegeld-care")
            self.words["NUMMER-VAN-DE-OUDE-LEVERING"] = parts[-1].header.context.delivery


def make_guide(guide: str) -> str:
    """The guide with every capture made anew.

    Raises:
        RuntimeError: a command ended otherwise than the guide says, or a capture is not known.
    """
    blocks = {found["name"]: found["commands"] for found in _CAPTURE.finditer(guide)}
    if list(blocks) != list(CAPTURES):
        raise RuntimeError(f"expected the captures {list(CAPTURES)}, found {list(blocks)}")
    marks = Marks()
    with ExitStack() as stack:
        officer = _begin(stack)
        shown = {}
        for name, commands in blocks.items():
            run = officer
            if name == "wizard":  # it delivers too, and a delivery is made once
                run = _begin(stack)
                for earlier in _PREPARED:
                    run.type(blocks[earlier], CAPTURES[earlier])
            text = marks.put(run.type(commands, CAPTURES[name]))
            shown[name] = shortened(text, CAPTURES[name].left_out)
    return _CAPTURE.sub(lambda found: _with_capture(found, shown[found["name"]]), guide)


def _begin(stack: ExitStack) -> Run:
    """A municipality that has its exports and nothing else."""
    scene = Scene(Path(stack.enter_context(tempfile.TemporaryDirectory())))
    scene.write_exports()
    return Run(scene, stack)


def _with_capture(found: re.Match[str], text: str) -> str:
    return (
        f"```sh\n{found['commands']}```\n\n"
        f"<!-- capture: {found['name']} -->\n```text\n{text}\n```\n<!-- end -->"
    )


def main() -> None:
    """Write the guide, or print it."""
    made = make_guide(GUIDE.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(made)
    else:
        GUIDE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
