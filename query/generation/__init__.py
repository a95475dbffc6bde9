"""Phrasing answers by language models, behind the gate and checked before release."""
