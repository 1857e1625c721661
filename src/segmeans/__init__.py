"""Customer segmentation with k-means that proves its search, its structure and its use."""

__version__ = "0.1.0"
