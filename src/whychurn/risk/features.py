"""Which columns the model sees and their encoding: as for every model on the panel (`panel.inputs`)."""

from __future__ import annotations

from whychurn.panel.inputs import Feature, choose_features, encode, feature_types

__all__ = ["Feature", "choose_features", "encode", "feature_types"]
