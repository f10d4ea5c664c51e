"""All parameters."""

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.action import ActionParams
from whychurn.contract.params.business import BusinessParams
from whychurn.contract.params.causes import CausesParams
from whychurn.contract.params.delivery import DeliveryParams
from whychurn.contract.params.intake import IntakeParams
from whychurn.contract.params.panel import PanelParams
from whychurn.contract.params.privacy import PrivacyParams
from whychurn.contract.params.report import ReportParams
from whychurn.contract.params.retention import RetentionParams
from whychurn.contract.params.risk import RiskParams
from whychurn.contract.params.run import RunParams
from whychurn.contract.params.score import ScoreParams
from whychurn.contract.params.section_base import Section
from whychurn.contract.params.snapshot import SnapshotParams
from whychurn.contract.params.study import StudyParams
from whychurn.contract.params.survival import SurvivalParams
from whychurn.contract.params.voice import VoiceParams
from whychurn.contract.params.world import WorldParams


class WatchParams(Section):
    """What months are judged by."""

    reference_from: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] | None = None
    """First month of the reference, such as "2025-06": months before it are shown and judged by nothing. A promotion
    while an alarm is open says which; null: the first months on record."""


class Params(Section):
    """All parameters; `Params()` holds the defaults.

    A function that reads one section takes that section; one that reads `run` or `business` beside it takes all.
    """

    study: StudyParams = StudyParams()
    run: RunParams = RunParams()
    business: BusinessParams = BusinessParams()
    world: WorldParams = WorldParams()
    intake: IntakeParams = IntakeParams()
    privacy: PrivacyParams = PrivacyParams()
    voice: VoiceParams = VoiceParams()
    panel: PanelParams = PanelParams()
    retention: RetentionParams = RetentionParams()
    survival: SurvivalParams = SurvivalParams()
    risk: RiskParams = RiskParams()
    snapshot: SnapshotParams = SnapshotParams()
    causes: CausesParams = CausesParams()
    action: ActionParams = ActionParams()
    watch: WatchParams = WatchParams()
    score: ScoreParams = ScoreParams()
    report: ReportParams = ReportParams()
    delivery: DeliveryParams = DeliveryParams()
