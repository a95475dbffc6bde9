"""From a judgement to a verdict: the rules, and the order in which they are asked."""
