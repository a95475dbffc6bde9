"""`PointFilter` in the words of the Qdrant server's API."""

from qdrant_client import models

from indexing.points import PointFilter
from indexing.stores.filters_terms import Absent, Among, Either, Equal, OneOf, Term, Within, terms


def server_filter(where: PointFilter) -> models.Filter | None:
    """Translate a filter; none means all points."""
    must: list[models.Condition] = []
    must_not: list[models.Condition] = []
    for term in terms(where):
        excluded = isinstance(term, OneOf | Among) and term.excluded
        (must_not if excluded else must).append(_condition(term))
    if not must and not must_not:
        return None
    return models.Filter(must=must or None, must_not=must_not or None)


def _condition(term: Term) -> models.Condition:
    match term:
        case OneOf(field, values):
            return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))
        case Among(field, numbers):
            return models.FieldCondition(key=field, match=models.MatchAny(any=list(numbers)))
        case Absent(field):
            return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
        case Equal(field, value):
            return models.FieldCondition(key=field, match=models.MatchValue(value=value))
        case Within(field, gt, lte, lt):
            return models.FieldCondition(key=field, range=models.Range(gt=gt, lte=lte, lt=lt))
        case Either(alternatives):
            return models.Filter(should=[_condition(one) for one in alternatives])
