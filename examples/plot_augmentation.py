"""
What published augmentation does to a drawing
=============================================

Two published workflows turn each spiral into 51. Before a network is trained on such images it is worth looking
at them: one parameter does nothing, and one of them can erase a drawing.
"""

# %%
# The parameters of the paper
# ---------------------------
# The offline parameters and the online ones differ. Shear is in degrees: 0.1 is next to nothing. Two augmenters for
# three simulated drawings:
import matplotlib.pyplot as plt
import numpy as np

from skpd import ImageAugmenter
from skpd.datasets import make_spiral_drawings
from skpd.plotting import ContactSheetDisplay

drawings = make_spiral_drawings(n_drawers=3, drawings_per_drawer=1, random_state=0)
offline = ImageAugmenter(
    n_per_image=7,
    rotation_range=40,
    shear_range=0.1,
    zoom_range=0.1,
    horizontal_flip=True,
    brightness_range=(0.5, 1.5),
    random_state=0,
)
X, y = offline.fit_resample(drawings.data, drawings.target)
print(f"{len(drawings.data)} drawings became {len(X)} images")

# %%
# Look at them
# ------------
# Each row starts with the drawing itself. ``sample_indices_`` says which drawing a row was made of, so that the drawer
# of every image is known: copies of one drawing belong on one side of a split.
order = np.argsort(offline.sample_indices_, kind="stable")
drawers = np.asarray(drawings.groups)[offline.sample_indices_]
display = ContactSheetDisplay.from_images(X[order], n_columns=8)
display.figure_.set_size_inches(6.4, 2.6)
plt.show()
print(f"drawers of the images: {', '.join(sorted(set(drawers)))}")

# %%
# What brightness does
# --------------------
# Brightness multiplies every grey level and cuts at white. Paper is already bright, so the factors above one mostly
# wash out the line. The contrast of an image, its brightest minus its darkest level, shows how much of it is left.
many = ImageAugmenter(n_per_image=100, keep_originals=False, brightness_range=(0.5, 1.5), random_state=0)
bright, _ = many.fit_resample(drawings.data, drawings.target)
factor = many.transforms_["brightness"].to_numpy()
contrast = np.ptp(bright.astype(int), axis=(1, 2, 3)) / 255
brightest = factor > 1.4
print(f"contrast at factors above 1.4: {contrast[brightest].mean():.2f}, of the drawings: ", end="")
print(f"{np.ptp(drawings.data.astype(int), axis=(1, 2, 3)).mean() / 255:.2f}")

figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for i, color in enumerate(("#0072b2", "#d55e00", "#009e73")):
    chosen = many.sample_indices_ == i
    ax.scatter(factor[chosen], contrast[chosen], s=10, color=color, label=drawings.groups[i])
ax.set(xlabel="brightness factor", ylabel="contrast (share of all grey levels)", ylim=(0, 1))
ax.legend(frameon=False)
plt.show()

# %%
# What to take from it
# --------------------
# These simulated lines are dark and survive. Of the real spirals that are plain scans, with a thin light line, the same
# range leaves about one image in fourteen blank: a label without a drawing. Look at your own scans with the parameters
# that you are about to use.
