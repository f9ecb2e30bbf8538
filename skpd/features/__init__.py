"""Windows of signals and pen trajectories to numbers.

`TremorFeatures` computes the 34 published features of each channel of a window, which `tremor_feature_catalogue`
describes; `TsfreshFeatures` any of tsfresh's. Both work on windows of one length, as `skpd.signal.Windowizer` cuts
them. `PenFeatures` computes of each drawing or piece of handwriting what `pen_feature_catalogue` describes.
"""

from ._catalogue import tremor_feature_catalogue
from ._pen import PenFeatures
from ._pen_catalogue import pen_feature_catalogue
from ._tremor import TremorFeatures
from ._tsfresh import TsfreshFeatures

__all__ = [
    "PenFeatures",
    "TremorFeatures",
    "TsfreshFeatures",
    "pen_feature_catalogue",
    "tremor_feature_catalogue",
]
