"""Published systems that rate tremor at the wrist or nearby, and how each was tested."""

from __future__ import annotations

import pandas as pd

__all__ = ["published_tremor_systems"]

_COLUMNS = ("system", "input", "subjects", "method", "unit", "protocol", "sound", "reported")

_PAPER = "3-axis accelerometer at the wrist (GENEActiv), visit 1"
_DONIE = "3-axis accelerometer at the wrist (GENEActiv), 30 s windows, severity 0-3"
_SIX = "6 subjects held out, mean of 10 seeds"

# "sound" is yes where the people tested are stated not to be trained on, no where they are or the numbers fit no other
# reading, and empty where the text does not say.
_SYSTEMS = [
    ("Niazmand 2011", "3-axis accelerometers in a pullover, rest and posture", "10 PD, 2 controls",
     "frequency of peaks, thresholds", "not stated", "correlation with UPDRS; not stated further", "",
     "sensitivity 0.71 (tremor), 0.89 (posture tremor)"),
    ("Rigas 2012", "6 body-worn accelerometers, daily activities, severity 0-3", "18 PD, 5 controls",
     "frequency, energies, entropy; hidden Markov model", "not stated", "leave one subject out", "yes",
     "accuracy 0.87; sensitivity/specificity by severity 0.91/0.94, 0.87/0.82, 0.69/0.79, 0.91/0.83"),
    ("Bazgir 2015", "accelerometer of a phone on the hand", "52 PD", "power spectrum; neural network", "not stated",
     "not stated", "", "accuracy 0.91"),
    ("Bazgir 2018", "accelerometer of a phone on the hand", "52 PD",
     "short-time spectrum, forward selection; naive Bayes, best of 4", "not stated", "not stated", "",
     "accuracy about 1.00 (0.938 on the microcontroller)"),
    ("Wagner 2017", "3-axis accelerometer of a watch, 5 tasks, severities 2-4 merged", "19 PD",
     "wavelet energies; support vector machine, axes summed", "window", "leave one subject out", "yes",
     "accuracy 0.789 (majority 0.648); recall by class 0.977, 0.284, 0.747; their mean 0.669"),
    ("AlMahadin 2022, random forest", _PAPER, "30 PD stated, 28 released", "102 features, SMOTEENN; random forest",
     "window", "consistent with as-published (text: as-written)", "no",
     "accuracy 0.9261, G-mean 0.95, IBA 0.91, AUC 0.99"),
    ("AlMahadin 2022, ANN-MLP", _PAPER, "30 PD stated, 28 released", "102 features, BorderlineSMOTE; perceptron",
     "window", "consistent with as-published (text: as-written)", "no",
     "accuracy 0.9381 (0.9504 in the section on over-sampling), G-mean 0.96, IBA 0.91 (0.93), AUC 0.99"),
    ("Donié 2023, ROCKET", _DONIE, "6 tested", "random convolution kernels; ridge", "window", _SIX, "yes",
     "accuracy 0.710 (always 0: 0.698), balanced accuracy 0.446, mAP 0.431, G-mean 0.668, IBA 0.477; recall "
     "0.88, 0.47, 0.05, 0.39"),
    ("Donié 2023, InceptionTime", _DONIE, "6 tested", "convolutional network", "window", _SIX, "yes",
     "accuracy 0.654, balanced accuracy 0.461, mAP 0.405, G-mean 0.664, IBA 0.455; recall 0.80, 0.41, 0.15, 0.49"),
    ("Donié 2023, InceptionTime tuned", _DONIE.replace("30 s", "24.6 s"), "6 tested", "convolutional network", "window",
     _SIX, "yes", "accuracy 0.648, balanced accuracy 0.413, mAP 0.405"),
    ("Donié 2023, MLP on wavelet features", _DONIE, "6 tested", "wavelet features; perceptron", "window", _SIX, "yes",
     "accuracy 0.590, balanced accuracy 0.411, mAP 0.360, G-mean 0.594, IBA 0.365"),
    ("Donié 2023, ROCKET, Shimmer", _DONIE.replace("GENEActiv", "Shimmer"), "6 tested",
     "random convolution kernels; ridge", "window", _SIX, "yes",
     "accuracy 0.631, balanced accuracy 0.426, mAP 0.476"),
    ("Donié 2023, InceptionTime, Shimmer", _DONIE.replace("GENEActiv", "Shimmer"), "6 tested",
     "convolutional network", "window", _SIX, "yes", "accuracy 0.597, balanced accuracy 0.501, mAP 0.488"),
    ("DREAM PDDB SC2, best (Sieberts 2021)", "wearable accelerometers, features only", "not stated here",
     "challenge entries", "not stated", "split of the challenge", "", "area under precision-recall 0.75 for tremor"),
]  # fmt: skip


def published_tremor_systems() -> pd.DataFrame:
    """Published systems that rate tremor, what they report and how they were tested.

    Returns
    -------
    systems : DataFrame
        One row a system: system, input, subjects, method, unit (what one score is of), protocol, sound ("yes" where
        the people tested are stated not to be trained on, "no" where they are or the numbers fit no other reading,
        "" where nothing is said) and reported, in words because the metrics differ.

    See Also
    --------
    published_tremor_scores : Every score of one of them, as numbers.

    Notes
    -----
    Scores of different units, class sets and recordings cannot be compared with each other. G-mean and IBA of Donié et
    al. are computed from the counts by class that its authors published, averaged by support as in AlMahadin et al.

    References
    ----------
    .. [1] Niazmand et al., BMEI, 2011. Rigas et al., IEEE TITB 16:478, 2012. Bazgir et al., 2015 and 2018
       (PMC5992899). Wagner, Fixler & Resheff, arXiv:1701.03161, 2017. AlMahadin et al.,
       doi:10.1007/s42979-021-00953-6, 2022. Donié et al., arXiv:2304.11265, 2023. Sieberts et al., 2021.

    Examples
    --------
    >>> from skpd.recipes._published_systems import published_tremor_systems
    >>> systems = published_tremor_systems().set_index("system")
    >>> systems.loc["Wagner 2017", "protocol"]
    'leave one subject out'
    """
    return pd.DataFrame(_SYSTEMS, columns=list(_COLUMNS))
