"""Figures, as scikit-learn's Display classes.

Each Display has a classmethod ``from_...`` that computes what is drawn and draws it, a method `plot` that draws it
again (on your own axes, if you like), and afterwards ``figure_`` and ``ax_`` or ``axes_``. `alt_text_` says in a
sentence or two what the figure shows, for readers who cannot see it. Matplotlib is imported when the first figure is
drawn, and its settings are left as they were: the look is `figure_style`, which you can use for figures of your own.

- `RecordingDisplay`: a recording, its frequency bands and its windows;
- `ClassDistributionDisplay`: how many windows and subjects each class has;
- `ContactSheetDisplay`: many images, such as drawings before and after augmentation;
- `ConfusionPanelDisplay`, `OneVsRestRocDisplay`: what one or several classifiers make of them;
- `ResamplerComparisonDisplay`: many resamplers under one protocol, with intervals and baselines;
- `ProtocolGapDisplay`: one recipe under several protocols, and how much of its score was leakage.
"""

from ._class_distribution import ClassDistributionDisplay
from ._confusion import ConfusionPanelDisplay
from ._contact_sheet import ContactSheetDisplay
from ._protocol_gap import ProtocolGapDisplay
from ._recording import RecordingDisplay
from ._resampler_comparison import ResamplerComparisonDisplay
from ._roc import OneVsRestRocDisplay
from ._style import OKABE_ITO, SEVERITY_COLORS, figure_style

__all__ = [
    "OKABE_ITO",
    "SEVERITY_COLORS",
    "ClassDistributionDisplay",
    "ConfusionPanelDisplay",
    "ContactSheetDisplay",
    "OneVsRestRocDisplay",
    "ProtocolGapDisplay",
    "RecordingDisplay",
    "ResamplerComparisonDisplay",
    "figure_style",
]
