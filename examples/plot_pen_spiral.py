"""
A tremor in a spiral, measured
==============================

A tablet records where the pen was, and when. From that, `PenFeatures` measures the spiral that was meant, how far the
pen strayed from it, and how often a second. On a simulated tremor the truth is known, so the measurement can be
checked, and its definition understood.
"""

# %%
# A trajectory
# ------------
# The columns are x, y, t, pressure, azimuth, altitude and pen_down, in metres and seconds.
import matplotlib.pyplot as plt
import numpy as np

from skpd import PenFeatures
from skpd.datasets import make_pen_trajectories
from skpd.plotting import PenDisplay

pens = make_pen_trajectories(n_subjects=24, random_state=0)
truth = pens.frame
strongest = int(truth["tremor_amplitude_m"].argmax())
print(truth.loc[strongest, ["recording", "target", "tremor_amplitude_m", "tremor_frequency_hz"]].to_string())

# %%
# The drawing, its speed and its jerk
# -----------------------------------
# The dashed line is the spiral that fits best. Tremor shows as waves across it, and as a fast ripple of speed and jerk.
display = PenDisplay.from_trajectory(pens.data[strongest], units=pens.units, title=truth["recording"][strongest])
display.figure_.set_size_inches(6.4, 7.2)
plt.show()

# %%
# Measured against the truth
# --------------------------
# Two of the 129 features: frequency and amplitude of the strongest oscillation across the fitted spiral.
features = PenFeatures(channel_names=pens.channel_names).set_output(transform="pandas").fit_transform(pens.data)
frequency, amplitude = features["spiral_tremor_frequency"], features["spiral_tremor_amplitude"]
shaking = truth["tremor_amplitude_m"] > 2e-4
error = (frequency - truth["tremor_frequency_hz"])[shaking].abs()
print(f"{shaking.sum()} people with a tremor above 0.2 mm; median error of its frequency {error.median():.2f} Hz")

figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
for target, color in (("control", "#0072b2"), ("parkinson", "#d55e00")):
    chosen = (np.asarray(pens.target) == target) & (truth["tremor_amplitude_m"] > 0)
    ax.scatter(truth["tremor_amplitude_m"][chosen] * 1e3, amplitude[chosen] * 1e3, color=color, label=target)
limit = 1.1e3 * max(truth["tremor_amplitude_m"].max(), amplitude.max())
ax.plot([0, limit], [0, limit], color="0.6", linewidth=1, zorder=0)
ax.set(xlabel="simulated amplitude (mm)", ylabel="measured amplitude (mm)", xlim=(0, limit), ylim=(0, limit))
ax.legend(frameon=False)
plt.show()

# %%
# What to take from it
# --------------------
# Larger tremor measures larger, but the points lie at about a third of the diagonal, and that is right: the simulated
# amplitude is the peak of a jerky tremor that comes in bursts and moves the pen along one direction, while the measured
# one is that of a steady vibration across the spiral with the power about one frequency. An amplitude means little
# without its definition, which the catalogue of features gives. Near zero, what is measured is the unsteadiness that
# every hand has.
