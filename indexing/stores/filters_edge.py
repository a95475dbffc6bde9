"""`PointFilter` in the words of Qdrant Edge."""

from typing import Any

import qdrant_edge as edge

from indexing.points import PointFilter
from indexing.stores.filters_terms import Absent, Among, Either, Equal, OneOf, Term, Within, terms


def edge_filter(where: PointFilter) -> edge.Filter | None:
    """Translate a filter; none means all points."""
    must: list[Any] = []
    must_not: list[Any] = []
    for term in terms(where):
        excluded = isinstance(term, OneOf | Among) and term.excluded
        (must_not if excluded else must).append(_condition(term))
    if not must and not must_not:
        return None
    return edge.Filter(must=must or None, must_not=must_not or None)


def _condition(term: Term) -> Any:
    match term:
        case OneOf(field, values):
            return edge.FieldCondition(field, match=edge.MatchAny(list(values)))
        case Among(field, numbers):
            return edge.FieldCondition(field, match=edge.MatchAny(list(numbers)))
        case Absent(field):
            return edge.IsEmptyCondition(field)
        case Equal(field, value):
            return edge.FieldCondition(field, match=edge.MatchValue(value))
        case Within(field, gt, lte, lt):
            bounds = {"gt": gt, "lte": lte, "lt": lt}
            given = {name: float(bound) for name, bound in bounds.items() if bound is not None}
            return edge.FieldCondition(field, range=edge.RangeFloat(**given))
        case Either(alternatives):
            return edge.Filter(should=[_condition(one) for one in alternatives])
