"""Windows of signals to numbers.

`TremorFeatures` computes the 34 published features of each channel of a window, which `tremor_feature_catalogue`
describes; `TsfreshFeatures` any of tsfresh's. Both work on windows of one length, as `skpd.signal.Windowizer` cuts
them.
"""

from ._catalogue import tremor_feature_catalogue
from ._tremor import TremorFeatures
from ._tsfresh import TsfreshFeatures

__all__ = ["TremorFeatures", "TsfreshFeatures", "tremor_feature_catalogue"]
