"""What a report always says: how to read each picture, and how figures were reckoned."""

RELIABILITY = """
Each dot is a group of contacts to whom the model gave about the same probability. How far right it stands is what the
model said, how high is what happened. On the dashed line both are the same; a dot whose bar does not touch the line was
misjudged. The columns below show to how many contacts the model said what.
"""
SEGMENTS = """
The diamond is what the model said on average, the dot what happened. Orange: they differ by more than chance shows 19
times in 20. In brackets: how many contacts. Of more than 16 groups the largest are drawn.
"""
UPLIFT = """
Left: groups of customers by how much contact was said to add; the pale line is the stated interval. Right: what is
gained when those whom contact moves most are contacted first, beside any order.
"""
FAIRNESS = """
Shares of decisions in which the model would contact, before any guardrail. A difference may have good reasons; somebody
should know them.
"""
NO_ATTRIBUTE = """
No attribute was named to compare: name some under `evaluation: {fairness: [...]}` in the policy, or with `--by`.
"""
METHODS = (
    """Intervals are at 95 %. Shares: Wilson (1927). Differences and values: influence functions summed by customer.""",
    """
    Calibration error: debiased, 15 groups of equal mass (Kumar, Liang and Ma 2019). Brier score: CORP decomposition
    (Dimitriadis, Gneiting and Jordan 2021).
    """,
    """
    Uplift: difference between contacted and held, doubly robust where recorded probabilities vary. Qini: Radcliffe
    (2007), its interval by bootstrap of customers.
    """,
    """
    Values: doubly robust (Dudik, Langford and Li 2011), inverse propensity and self-normalised, in net value against
    hold under the policy's terms. The best single action was found on the rows that judge it, and is flattered.
    """,
    """Four fifths: US Uniform Guidelines, 29 CFR 1607.4 D, a rule of thumb and no finding of law.""",
)
