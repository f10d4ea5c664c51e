"""Parameters: a frozen type a section with its defaults, and the one place that reads params.yaml."""

from whychurn.contract.params.all_sections import Params as Params
from whychurn.contract.params.business import BusinessParams as BusinessParams
from whychurn.contract.params.causes import CausesParams as CausesParams
from whychurn.contract.params.causes import ExposureParams as ExposureParams
from whychurn.contract.params.causes import PaceParams as PaceParams
from whychurn.contract.params.causes import ServedCausesParams as ServedCausesParams
from whychurn.contract.params.delivery import DeliveryParams as DeliveryParams
from whychurn.contract.params.intake import IntakeParams as IntakeParams
from whychurn.contract.params.load import check_params as check_params
from whychurn.contract.params.load import effective_values as effective_values
from whychurn.contract.params.load import load_params as load_params
from whychurn.contract.params.load import merge as merge
from whychurn.contract.params.panel import PanelParams as PanelParams
from whychurn.contract.params.privacy import PrivacyParams as PrivacyParams
from whychurn.contract.params.report import ReportParams as ReportParams
from whychurn.contract.params.retention import RetentionParams as RetentionParams
from whychurn.contract.params.risk import RiskParams as RiskParams
from whychurn.contract.params.run import RunParams as RunParams
from whychurn.contract.params.score import CeilingParams as CeilingParams
from whychurn.contract.params.score import ScoreParams as ScoreParams
from whychurn.contract.params.study import StudyParams as StudyParams
from whychurn.contract.params.survival import ChallengeParams as ChallengeParams
from whychurn.contract.params.survival import CoxParams as CoxParams
from whychurn.contract.params.survival import SurvivalParams as SurvivalParams
from whychurn.contract.params.voice import VoiceParams as VoiceParams
from whychurn.contract.params.world import WorldParams as WorldParams
