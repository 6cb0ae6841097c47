"""Fixed texts of the report: how to read each figure, and the methods."""

RELIABILITY = """
Each dot is a group of contacts with about the same predicted probability: its horizontal position is the prediction,
its vertical position the realized rate. On the dashed line both are equal; a dot whose bar does not touch the line is
miscalibrated. The columns below count the contacts by predicted probability.
"""
SEGMENTS = """
The diamond is the mean prediction, the dot the realized rate. Orange: they differ significantly (95 %). Numbers of
contacts are in brackets. Of more than 16 groups, the largest are shown.
"""
UPLIFT = """
Left: groups of customers by predicted uplift; the pale line is the predicted interval. Right: the gain from contacting
customers in order of predicted uplift, compared with a random order.
"""
FAIRNESS = """
Shares of decisions to contact, before any guardrail. A difference may have good reasons, but somebody should know them.
"""
NO_ATTRIBUTE = """
No attribute was compared: name some under `evaluation: {fairness: [...]}` in the policy, or with `--by`.
"""
METHODS = (
    """Intervals are at 95 %. Shares: Wilson (1927). Differences, values: influence functions clustered by customer.""",
    """
    Calibration error: debiased, 15 groups of equal mass (Kumar, Liang and Ma 2019). Brier score: CORP decomposition
    (Dimitriadis, Gneiting and Jordan 2021).
    """,
    """
    Uplift: difference between contacted and held, doubly robust where logged propensities vary. Qini: Radcliffe (2007),
    with an interval by bootstrap of customers.
    """,
    """
    Values: doubly robust (Dudik, Langford and Li 2011), inverse propensity and self-normalized, as net value against
    hold under the policy's terms. The best single action was selected on the evaluation rows, so its value is
    optimistic.
    """,
    """Four fifths: US Uniform Guidelines, 29 CFR 1607.4 D, a rule of thumb and not a legal finding.""",
)
