"""Figures, as scikit-learn's Display classes.

Each Display has a classmethod ``from_...`` that computes what is drawn and draws it, a method `plot` that draws it
again (on your own axes, if you like), and afterwards ``figure_`` and ``ax_`` or ``axes_``. `alt_text_` says in a
sentence or two what the figure shows, for readers who cannot see it. Matplotlib is imported when the first figure is
drawn, and its settings are left as they were: the look is `figure_style`, which you can use for figures of your own.

- `RecordingDisplay`: a recording, its frequency bands and its windows;
- `ClassDistributionDisplay`: how many windows and subjects each class has;
- `PenDisplay`: a drawing by speed or pressure over its ideal spiral, and speed and jerk over time;
- `ContactSheetDisplay`: many images, such as drawings before and after augmentation;
- `ConfusionPanelDisplay`, `OneVsRestRocDisplay`: what one or several classifiers make of them;
- `ReliabilityDisplay`: whether probabilities mean what they say;
- `ClassEffectDisplay`: what each resampler does to each class;
- `ResamplerComparisonDisplay`: many resamplers under one protocol, with intervals and baselines;
- `ProtocolGapDisplay`: one recipe under several protocols, and how much of its score was leakage;
- `LearningCurveDisplay`: what more people to train on bring;
- `RetestDisplay`: two sessions of the same people;
- `TrainingCurvesDisplay`: accuracy and loss of networks by epoch.
"""

from ._class_distribution import ClassDistributionDisplay
from ._class_effect import ClassEffectDisplay
from ._confusion import ConfusionPanelDisplay
from ._contact_sheet import ContactSheetDisplay
from ._learning_curve import LearningCurveDisplay
from ._pen import PenDisplay
from ._protocol_gap import ProtocolGapDisplay
from ._recording import RecordingDisplay
from ._reliability import ReliabilityDisplay
from ._resampler_comparison import ResamplerComparisonDisplay
from ._retest import RetestDisplay
from ._roc import OneVsRestRocDisplay
from ._style import OKABE_ITO, SEVERITY_COLORS, figure_style
from ._training_curves import TrainingCurvesDisplay

__all__ = [
    "OKABE_ITO",
    "SEVERITY_COLORS",
    "ClassDistributionDisplay",
    "ClassEffectDisplay",
    "ConfusionPanelDisplay",
    "ContactSheetDisplay",
    "LearningCurveDisplay",
    "OneVsRestRocDisplay",
    "PenDisplay",
    "ProtocolGapDisplay",
    "RecordingDisplay",
    "ReliabilityDisplay",
    "ResamplerComparisonDisplay",
    "RetestDisplay",
    "TrainingCurvesDisplay",
    "figure_style",
]
