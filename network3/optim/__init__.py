"""Optimization: update rules, regularizers, schedules, stopping rules, augmentation."""

from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .annealing import CosineDecay as CosineDecay
from .annealing import OneCycle as OneCycle
from .annealing import WarmUp as WarmUp
from .augmentation import Deformation as Deformation
from .averaging import MovingAverage as MovingAverage
from .clipping import ClipNorm as ClipNorm
from .hessian import Hessian as Hessian
from .regularization import ElasticNet as ElasticNet
from .regularization import l1 as l1
from .regularization import l2 as l2
from .rules import MaxNorm as MaxNorm
from .rules import Momentum as Momentum
from .rules import Nesterov as Nesterov
from .rules import gradient_descent as gradient_descent
from .schedules import ExponentialDecay as ExponentialDecay
from .schedules import HalveOnPlateau as HalveOnPlateau
from .schedules import StepDecay as StepDecay
from .stopping import NoImprovementIn as NoImprovementIn
