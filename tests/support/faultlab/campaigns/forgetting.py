"""A purge: afterwards no byte of the document is left in the home, and nothing else is gone."""

from collections.abc import Iterable

from tests.support.faultlab.lab import Lab
from tests.support.faultlab.rows import Row, row_of
from tests.support.faultlab.stages import carried_out, traces_left
from tests.support.faultlab.trial import Verdict


def purges(lab: Lab, count: int) -> Row:
    """Purge a document and look for its words and its key in every byte of the home."""
    stage = lab.stage("purge")

    def verdicts() -> Iterable[Verdict]:
        for number in range(count):
            verdict = Verdict(f"purge {number}")
            with lab.scene(stage) as scene:
                if not traces_left(scene):
                    verdict.problems.append("there was nothing to purge")
                outcome = carried_out(lab.zygote, stage.order(scene))
                assert outcome.ended is not None
                verdict.seconds = outcome.ended.seconds
                if outcome.ended.state != "Purged":
                    verdict.problems.append(f"it ended as {outcome.ended.state}")
                verdict.problems += traces_left(scene)[:3]
            yield verdict

    return row_of("purge: bytes of the document left", verdicts(), note="every file of the home")
