"""What is decided about: a policy whose cap is soon reached and soon free, and four actions that need no address."""

from datetime import timedelta

CAP = 3
WINDOW = timedelta(minutes=3)
CHANNELS = ("web", "push")
CAP_RULE = "cap"

ACTIONS = [
    {
        "action_id": f"{channel}-{number}",
        "channel": channel,
        "purpose": "marketing",
        "category": "retention",
        "value": 10.0 + number,
        "cost": 0.0,
        "outcome": "conversion",
        "window_days": 7.0,
    }
    for channel in CHANNELS
    for number in range(2)
]

# Harm costs nothing and every confidence will do, so that nothing but consent and the cap keeps heed from acting.
POLICY = f"""
version: 1
name: crashes
vocabulary: {{channels: [email, sms, push, web, call], purposes: [marketing, service]}}
terms: {{harm_cost: 0.0, tolerance: 1000.0}}
rules:
  - id: consent
    purpose: Nobody is contacted without having agreed.
    owner: crm
    kind: consent
    addressless: [web, push]
  - id: {CAP_RULE}
    purpose: Few contacts in a short time.
    owner: crm
    kind: frequency_cap
    limit: {CAP}
    window: {WINDOW // timedelta(minutes=1)}m
  - id: eligibility
    purpose: An offer goes only to whom the catalogue means it for.
    owner: crm
    kind: eligibility
"""
