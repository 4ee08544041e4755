"""Plots of trainings and networks, drawn with Matplotlib, which is imported for the first plot."""

from .confusion import draw_confusion as draw_confusion
from .errors import draw_errors as draw_errors
from .errors import plot_errors as plot_errors
from .feature_maps import draw_feature_maps as draw_feature_maps
from .filters import draw_filters as draw_filters
from .filters import plot_filters as plot_filters
from .functions import draw_functions as draw_functions
from .gradient_norms import draw_gradient_norms as draw_gradient_norms
from .images import draw_images as draw_images
from .learning_curve import draw_learning_curve as draw_learning_curve
from .repeats import draw_repeats as draw_repeats
