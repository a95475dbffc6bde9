"""The red team: attacks with seeds and scores, and a scorecard that can stop a release."""
