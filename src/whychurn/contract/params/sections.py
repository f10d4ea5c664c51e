"""All of params.yaml."""

from __future__ import annotations

from whychurn.contract.params.causes import CausesParams
from whychurn.contract.params.delivery import DeliveryParams
from whychurn.contract.params.intake import IntakeParams
from whychurn.contract.params.panel import PanelParams
from whychurn.contract.params.privacy import PrivacyParams
from whychurn.contract.params.retention import RetentionParams
from whychurn.contract.params.risk import RiskParams
from whychurn.contract.params.score import ScoreParams
from whychurn.contract.params.section import Section
from whychurn.contract.params.study import StudyParams
from whychurn.contract.params.survival import SurvivalParams
from whychurn.contract.params.voice import VoiceParams
from whychurn.contract.params.world import WorldParams


class Params(Section):
    """All of params.yaml."""

    study: StudyParams
    world: WorldParams
    intake: IntakeParams
    privacy: PrivacyParams
    voice: VoiceParams
    panel: PanelParams
    retention: RetentionParams
    survival: SurvivalParams
    risk: RiskParams
    causes: CausesParams
    score: ScoreParams
    delivery: DeliveryParams
