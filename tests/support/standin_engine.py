"""What a Qdrant server does with a request, done by the client's in-memory engine.

The engine keeps no payload indexes, no strict mode and none of the options of a collection, so
they are kept here, and what a real server would refuse for want of them is refused here.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError
from qdrant_client import QdrantClient, models

from tests.support.standin_strict import StrictModeRefusal, check_limit, check_read, check_update

POINT_LISTS = TypeAdapter(models.PointsList | models.PointsBatch)
SELECTORS = TypeAdapter(models.PointsSelector)
Refuses = Callable[[models.PointStruct], str | None]


class Refusal(Exception):
    """An answer other than 200, in the server's words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Extra:
    """What the in-memory engine does not keep of a collection."""

    made: models.CreateCollection
    indexes: dict[str, models.PayloadIndexInfo] = field(default_factory=dict)

    @property
    def strict(self) -> models.StrictModeConfig | None:
        return self.made.strict_mode_config

    @property
    def kinds(self) -> dict[str, models.PayloadSchemaType]:
        return {name: index.data_type for name, index in self.indexes.items()}


class Engine:
    """Answers requests one at a time; the engine inside is not made for several threads."""

    def __init__(self, refuses: Refuses | None = None) -> None:
        """Start empty.

        Args:
            refuses: Says for a point why this server cannot take it, if so.
        """
        self._qdrant = QdrantClient(":memory:")
        self._extra: dict[str, Extra] = {}
        self._refuses = refuses or (lambda point: None)
        self._lock = threading.Lock()

    def run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Make a call of this class; whatever it raises becomes a refusal."""
        with self._lock:
            try:
                return call(self, *arguments)
            except (Refusal, ValidationError):
                raise
            except StrictModeRefusal as error:
                raise Refusal(400, f"Bad request: {error}") from error
            except KeyError as error:
                raise Refusal(404, f"Not found: No point with id {error} found") from error
            except ValueError as error:
                words = str(error).removeprefix("Wrong input: ")
                raise Refusal(400, f"Wrong input: {words}") from error

    def creation(self, name: str) -> models.CreateCollection:
        """Return what a collection was asked to be created with."""
        return self._known(name).made

    def collections(self) -> Any:
        return self._qdrant.get_collections()

    def exists(self, name: str) -> Any:
        return models.CollectionExistence(exists=self._qdrant.collection_exists(name))

    def info(self, name: str) -> Any:
        extra = self._known(name)
        found = self._qdrant.get_collection(name)
        found.payload_schema = extra.indexes
        config, made = found.config, extra.made
        config.params.shard_number = made.shard_number or 1
        config.params.replication_factor = made.replication_factor or 1
        config.params.write_consistency_factor = made.write_consistency_factor or 1
        if made.strict_mode_config is not None:
            strict = made.strict_mode_config.model_dump()
            config.strict_mode_config = models.StrictModeConfigOutput(**strict)
        return found

    def create(self, name: str, body: bytes) -> bool:
        made = models.CreateCollection.model_validate_json(body)
        if name in self._extra:
            raise Refusal(409, f"Wrong input: Collection `{name}` already exists!")
        done = self._qdrant.create_collection(
            name, made.vectors, made.sparse_vectors, metadata=made.metadata
        )
        self._extra[name] = Extra(made)
        return done

    def update(self, name: str, body: bytes) -> bool:
        changes = models.UpdateCollection.model_validate_json(body).strict_mode_config
        extra = self._known(name)
        if changes is not None:
            merged = (extra.strict or models.StrictModeConfig()).model_dump()
            merged |= changes.model_dump(exclude_none=True)
            extra.made.strict_mode_config = models.StrictModeConfig(**merged)
        return True

    def drop(self, name: str) -> bool:
        self._extra.pop(name, None)
        return self._qdrant.delete_collection(name)

    def aliases(self) -> Any:
        return self._qdrant.get_aliases()

    def change_aliases(self, body: bytes) -> bool:
        actions = models.ChangeAliasesOperation.model_validate_json(body).actions
        for action in actions:
            if isinstance(action, models.CreateAliasOperation):
                self._known(action.create_alias.collection_name)
        return self._qdrant.update_collection_aliases(actions)

    def index(self, name: str, body: bytes) -> Any:
        wanted = models.CreateFieldIndex.model_validate_json(body)
        params = wanted.field_schema
        kind = getattr(params, "type", params)
        self._known(name).indexes[wanted.field_name] = models.PayloadIndexInfo(
            data_type=models.PayloadSchemaType(kind.value),
            params=None if isinstance(params, models.PayloadSchemaType) else params,
            points=0,
        )
        return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)

    def upsert(self, name: str, body: bytes) -> Any:
        """Write points up to the first that is refused, as a server may."""
        self._known(name)
        wanted = POINT_LISTS.validate_json(body)
        if not isinstance(wanted, models.PointsList):
            raise Refusal(400, "Wrong input: the stand-in takes lists of points only")
        result = None
        for point in wanted.points:
            point.id = str(uuid.UUID(str(point.id)))
            words = self._refuses(point)
            if words:
                raise Refusal(400, f"Wrong input: {words}")
            result = self._qdrant.upsert(name, [point], update_mode=wanted.update_mode)
        if result is None:
            raise Refusal(400, "Wrong input: Empty update request")
        return result

    def delete(self, name: str, body: bytes) -> Any:
        extra, chosen = self._known(name), SELECTORS.validate_json(body)
        check_update(extra.strict, getattr(chosen, "filter", None), extra.kinds)
        return self._qdrant.delete(name, chosen)

    def set_payload(self, name: str, body: bytes) -> Any:
        change = models.SetPayload.model_validate_json(body)
        extra = self._known(name)
        check_update(extra.strict, change.filter, extra.kinds)
        chosen = change.points if change.points is not None else change.filter
        return self._qdrant.set_payload(name, change.payload, chosen)

    def count(self, name: str, body: bytes) -> Any:
        wanted = models.CountRequest.model_validate_json(body)
        self._check_read(name, wanted.filter)
        return self._qdrant.count(name, wanted.filter)

    def facet(self, name: str, body: bytes) -> Any:
        wanted = models.FacetRequest.model_validate_json(body)
        extra = self._check_read(name, wanted.filter)
        check_limit(extra.strict, wanted.limit)
        if extra.kinds.get(wanted.key) is not models.PayloadSchemaType.KEYWORD:
            raise Refusal(
                400,
                f"Wrong input: No appropriate index for faceting: `{wanted.key}`. Please create "
                "one to facet on this field.",
            )
        return self._qdrant.facet(name, wanted.key, wanted.filter, wanted.limit or 10)

    def scroll(self, name: str, body: bytes) -> Any:
        wanted = models.ScrollRequest.model_validate_json(body)
        extra = self._check_read(name, wanted.filter)
        check_limit(extra.strict, wanted.limit)
        records, offset = self._qdrant.scroll(
            name,
            wanted.filter,
            limit=wanted.limit or 10,
            offset=wanted.offset,
            with_payload=True if wanted.with_payload is None else wanted.with_payload,
            with_vectors=wanted.with_vector or False,
        )
        return models.ScrollResult(points=records, next_page_offset=offset)

    def retrieve(self, name: str, body: bytes) -> Any:
        wanted = models.PointRequest.model_validate_json(body)
        self._known(name)
        payload = True if wanted.with_payload is None else wanted.with_payload
        return self._qdrant.retrieve(name, wanted.ids, payload, wanted.with_vector or False)

    def query(self, name: str, body: bytes) -> Any:
        wanted = models.QueryRequestBatch.model_validate_json(body).searches
        for search in wanted:
            extra = self._check_read(name, search.filter)
            check_limit(extra.strict, search.limit)
            idf = search.params.idf if search.params else None
            if isinstance(idf, models.IdfCorpusParams):
                self._check_read(name, idf.corpus)
            search.params = models.SearchParams(idf=idf)  # the rest steers an index there is not
        return self._qdrant.query_batch_points(name, wanted)

    def _known(self, name: str) -> Extra:
        named = {alias.alias_name: alias for alias in self._qdrant.get_aliases().aliases}
        real = named[name].collection_name if name in named else name
        if real not in self._extra:
            raise Refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        return self._extra[real]

    def _check_read(self, name: str, where: models.Filter | None) -> Extra:
        extra = self._known(name)
        check_read(extra.strict, where, extra.kinds)
        return extra
