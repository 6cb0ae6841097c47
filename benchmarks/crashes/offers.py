"""What is decided about: four actions on channels that need no address, under a cap soon reached and soon free."""

from datetime import timedelta

CAP = 3
WINDOW = timedelta(minutes=1)
CHANNELS = ("web", "push")

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

POLICY = f"""
version: 1
name: crashes
vocabulary: {{channels: [web, push], purposes: [marketing]}}
terms: {{harm_cost: 1.0, tolerance: 1.0}}
rules:
  - id: consent
    purpose: Nobody is contacted without having agreed.
    owner: crm
    kind: consent
    addressless: [web, push]
  - id: cap
    purpose: Few contacts in a short time.
    owner: crm
    kind: frequency_cap
    limit: {CAP}
    window: {WINDOW // timedelta(minutes=1)}m
"""
