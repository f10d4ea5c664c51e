"""What members say."""

from typing import Literal

from whychurn.contract.params.section_base import Count, Day, Days, Level, Section, Several, Share


class VoiceParams(Section):
    """Preparation of texts, topics, causes, early signals."""

    max_characters: Count = 2000
    """Characters of a text that are read; the rest is not."""
    boilerplate: list[str] = []
    """Further texts that a system writes in place of members."""
    learn_min_comments: Count = 200
    """Fewer survey comments with a stated reason teach nothing: the cause lexicon alone."""
    learn_min_ratings: Count = 2000
    """Fewer rated texts leave sentiment to the words, where it should come from ratings."""
    sentiment_from: Literal["words", "ratings"] = "words"
    """Where sentiment comes from: the word lists that ship, or a model of the study's own ratings."""
    draws: Several = 500
    """Bootstrap draws behind intervals."""
    fit_until: Day | Literal["auto"] = "auto"
    """Texts from this day on teach nothing; auto: first day of the risk model's test period."""
    embedding: str = "tfidf"
    """How texts become vectors: tfidf (with SVD, offline), or a sentence-transformers or model2vec model, a
    folder or a name (extra "embeddings")."""
    dimensions: Count = 100
    """Dimensions of a text's vector."""
    min_texts_of_word: Count = 5
    """A rarer word is not read."""
    method: Literal["umap_hdbscan", "kmeans"] = "umap_hdbscan"
    """How texts become topics."""
    fit_sample: Count = 3000
    """Distinct texts of a language that the topics are fitted on; the others are assigned."""
    min_texts: Count = 60
    """Fewer distinct texts of a language: no topics, its texts are counted only."""
    min_topic_share: Share = 0.012
    """Smallest topic, as a share of the texts fitted on: below, words get rare and coherence falls."""
    min_topic_texts: Count = 15
    """Smallest topic, in texts."""
    max_topics: Count = 24
    """Topics of a language; the closest are merged beyond."""
    verbatims: Count = 3
    """Examples of a topic and language."""
    held_out: Level = 0.2
    """Share of the texts fitted on that coherence is measured on."""
    stability_seeds: Count = 2
    """Each method is refitted with so many seeds."""
    stability_orders: Count = 2
    """Each method is refitted with so many row orders."""
    stability_sample: Count = 1500
    """Texts on which methods are refitted."""
    groups: Count = 8
    """Topics are gathered into this many groups at most."""
    recent_weeks: Count = 8
    """Emerging words and topics: these last weeks against all before."""
    min_recent_texts: Count = 10
    """Fewer recent texts raise no signal."""
    alert_base_days: Days = 42
    """A day is compared with this many days before it."""
    alert_false_alarms: Level = 0.001
    """Wanted share of days on which a quiet series raises an alarm."""
