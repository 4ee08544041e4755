"""Beyond the book: what its closing problems propose, all together, with the test images evaluated once.

The proposals are larger networks, more transformations of the data, better initialization, schedules, momentum and
ensembles (chapters 3 and 6); rows 7.3 to 7.11 add what came after the book, batch normalization and averaged weights.
No setting was chosen by the test images: short trials, compared by their validation accuracy, fixed the strength of the
deformations and, in rows 7.3 to 7.5, the dropout; the rest was set beforehand.
"""

from dataclasses import replace

from network3.optim import Deformation, ExponentialDecay, Momentum, MovingAverage, Nesterov, OneCycle

from .beyond_networks import strided, unpadded_5, unpadded_7, wider
from .published import BEST_VALIDATION, LAST, TEST_ACCURACY, PublishedValue
from .run import Run

OURS = (PublishedValue(None, TEST_ACCURACY, BEST_VALIDATION),)
RECORD = (PublishedValue(0.9979, TEST_ACCURACY, BEST_VALIDATION),)
OF_RECORD = "beside it the record of 2013 that the book quotes, of L. Wan et al."

SINGLE = Run(
    "beyond_single",
    "7.1",
    "wider convolutions, images deformed anew each epoch",
    OURS,
    wider,
    {"epochs": 35, "mini_batch_size": 32, "eta": 0.02, "shuffle": True},
    methods={
        "rule": Momentum(0.9),
        "schedule": ExponentialDecay(0.1),
        "augment": Deformation(rotation=10, scaling=0.1, elastic=20, smoothness=5, shift=1),
    },
    test_in_training=False,
    note="620,298 parameters; nothing was chosen by the test images, which were evaluated once, after the training",
)

EPOCHS = 20
STRIDED = replace(
    SINGLE,
    name="beyond_strided",
    row="7.3",
    description="3 x 3 filters, batch normalization, averaged weights",
    layers=strided,
    training={"epochs": EPOCHS, "mini_batch_size": 64, "eta": 0.05, "shuffle": True},
    methods={
        "rule": MovingAverage(Nesterov(0.9)),
        "schedule": OneCycle(EPOCHS),
        "augment": Deformation(rotation=10, scaling=0.1, elastic=20, smoothness=5, shift=2),
    },
    note="325,994 parameters",
)
UNPADDED_5 = replace(
    STRIDED,
    name="beyond_unpadded_5",
    row="7.4",
    description="5 x 5 filters without borders, otherwise like 7.3",
    layers=unpadded_5,
    note="518,570 parameters",
)
UNPADDED_7 = replace(
    UNPADDED_5,
    name="beyond_unpadded_7",
    row="7.5",
    description="7 x 7 filters, otherwise like 7.4",
    layers=unpadded_7,
    note="508,906 parameters",
)
ALL_IMAGES = replace(
    STRIDED,
    name="beyond_all_images",
    row="7.7",
    description="like 7.3, trained on the validation images as well",
    published_values=(PublishedValue(None, TEST_ACCURACY, LAST),),
    data="all",
    note=f"{STRIDED.note}; no epoch was chosen, and the test images were evaluated once, after the last",
)
LONGER = 40
ALL_IMAGES_LONGER = replace(
    ALL_IMAGES,
    name="beyond_all_images_40",
    row="7.8",
    description=f"like 7.7, for {LONGER} epochs",
    training=STRIDED.training | {"epochs": LONGER},
    methods=STRIDED.methods | {"schedule": OneCycle(LONGER)},
)
LONGER_KINDS = [
    ALL_IMAGES_LONGER,
    replace(
        ALL_IMAGES_LONGER,
        name="beyond_all_unpadded_5",
        row="7.9",
        description="5 x 5 filters as in 7.4, otherwise like 7.8",
        layers=unpadded_5,
        note=UNPADDED_5.note,
    ),
    replace(
        ALL_IMAGES_LONGER,
        name="beyond_all_unpadded_7",
        row="7.10",
        description="7 x 7 filters as in 7.5, otherwise like 7.8",
        layers=unpadded_7,
        note=UNPADDED_7.note,
    ),
]

RUNS = [
    SINGLE,
    replace(
        SINGLE,
        name="beyond_ensemble",
        row="7.2",
        description="five networks like 7.1 that vote",
        published_values=RECORD,
        nets=5,
        voters_of=(SINGLE.name,),
        note=OF_RECORD,
    ),
    STRIDED,
    UNPADDED_5,
    UNPADDED_7,
    replace(
        STRIDED,
        name="beyond_filter_sizes",
        row="7.6",
        description="twelve that vote, three each of 7.1 and 7.3 to 7.5",
        published_values=RECORD,
        nets=12,
        voters_of=(SINGLE.name, STRIDED.name, UNPADDED_5.name, UNPADDED_7.name),
        note=OF_RECORD,
    ),
    ALL_IMAGES,
    *LONGER_KINDS,
    replace(
        ALL_IMAGES_LONGER,
        name="beyond_all_images_vote",
        row="7.11",
        description="nine that vote, three each of 7.8 to 7.10",
        published_values=(PublishedValue(0.9979, TEST_ACCURACY, LAST),),
        nets=9,
        voters_of=tuple(run.name for run in LONGER_KINDS),
        note=OF_RECORD,
    ),
]
