"""Texts as vectors, offline: TF-IDF of words (Chinese: characters too) and SVD, a space a language."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from whychurn.contract.params import Params
from whychurn.voice.causes.lexicon_classifier import concept_scores
from whychurn.voice.text.normalise import PLACEHOLDER

CHAR_NGRAMS: Final = (2, 3)
MANY: Final = 60  # texts from which on a character n-gram must repeat
SHARE_TOO_COMMON: Final = 0.3  # a word in more texts than this is left out
CHAR_WEIGHT: Final = 0.5  # Chinese: a character n-gram against a word, which it repeats in part
MAX_CHAR_NGRAMS: Final = 20_000  # bounds memory; the most frequent are kept
CONCEPT_WEIGHT: Final = 0.5  # a concept of the cause lexicon against a word; 0 would leave topics unguided


@dataclass(frozen=True)
class Space:
    """A fitted embedding; all that `embed` needs, in plain arrays.

    Parameters
    ----------
    language
        ``zh``, ``en``, or ``joint``.
    words, idf
        Vocabulary of tokens, its inverse document frequencies.
    chars, char_idf
        Character n-grams and theirs; empty outside Chinese.
    char_weight, concept_weight
        What a character n-gram and a concept of the lexicon count against a word.
    components
        (dimensions, words + chars + concepts), of the SVD.
    """

    language: str
    words: list[str]
    idf: np.ndarray
    chars: list[str]
    char_idf: np.ndarray
    char_weight: float
    concept_weight: float
    components: np.ndarray


def fit_space(distinct: pd.DataFrame, language: str, params: Params) -> Space:
    """Fit the space of one language on distinct texts (columns plain, tokens).

    TF-IDF with sublinear counts, then truncated SVD (latent semantic analysis, Deerwester et al. 1990).
    The lexicon's concepts join as further terms with `CONCEPT_WEIGHT`: they draw words together that name
    one concern, and are the only thing that Chinese and English texts share in a joint space.
    """
    voice = params.voice
    least = min(voice.min_texts_of_word, max(1, len(distinct) // 50))
    words = TfidfVectorizer(analyzer=str.split, min_df=least, max_df=_most(len(distinct)), sublinear_tf=True)
    words.fit(distinct["tokens"])
    chars = None
    if language != "en":
        chars = TfidfVectorizer(
            analyzer="char", ngram_range=CHAR_NGRAMS, min_df=2 * least if len(distinct) >= MANY else 1, max_df=_most(len(distinct)),
            max_features=MAX_CHAR_NGRAMS, sublinear_tf=True,
        ).fit(_letters(distinct["plain"]))  # fmt: skip
    space = Space(
        language=language,
        words=list(words.get_feature_names_out()),
        idf=words.idf_.astype("float32"),
        chars=[] if chars is None else list(chars.get_feature_names_out()),
        char_idf=np.zeros(0, "float32") if chars is None else chars.idf_.astype("float32"),
        char_weight=CHAR_WEIGHT,
        concept_weight=CONCEPT_WEIGHT,
        components=np.zeros((0, 0), "float32"),
    )
    terms = weigh_terms(distinct, space)
    wanted = min(voice.dimensions, terms.shape[1] - 1, terms.shape[0] - 1)
    if wanted < 1:
        return space
    svd = TruncatedSVD(wanted, algorithm="randomized", random_state=params.run.seed).fit(terms)
    return Space(**{**vars(space), "components": svd.components_.astype("float32")})


def embed(distinct: pd.DataFrame, space: Space) -> np.ndarray:
    """Unit vectors of texts (columns plain, tokens), (n, dimensions); zero without any known word."""
    if not space.components.size:
        return np.zeros((len(distinct), 1), "float32")
    return normalize(weigh_terms(distinct, space) @ space.components.T).astype("float32")


def weigh_terms(distinct: pd.DataFrame, space: Space) -> sp.csr_matrix:
    """TF-IDF rows of texts in the terms of a space, (n, words + chars + concepts)."""
    blocks = [_tfidf(space.words, space.idf, {"analyzer": str.split}).transform(distinct["tokens"])]
    if space.chars:
        look: dict[str, Any] = {"analyzer": "char", "ngram_range": CHAR_NGRAMS}
        chars = _tfidf(space.chars, space.char_idf, look).transform(_letters(distinct["plain"]))
        blocks.append(space.char_weight * chars)
    if space.concept_weight > 0:
        concepts = concept_scores(distinct["plain"]).fillna(0.0).to_numpy()
        blocks.append(space.concept_weight * normalize(sp.csr_matrix(concepts)))
    return sp.csr_matrix(sp.hstack(blocks), dtype="float32")


def _tfidf(vocabulary: list[str], idf: np.ndarray, look: dict[str, Any]) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(vocabulary=vocabulary, sublinear_tf=True, **look)
    vectorizer.idf_ = idf
    return vectorizer


def _letters(plain: pd.Series) -> pd.Series:
    return plain.str.replace(PLACEHOLDER, "", regex=True).str.replace(r"[\W\d_]+", " ", regex=True)


def _most(texts: int) -> float | int:
    """Below some hundred texts a word may well stand in many of them."""
    return SHARE_TOO_COMMON if texts >= 300 else 1.0
