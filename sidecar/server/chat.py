"""ChatService: the main job over gRPC."""

from __future__ import annotations

from ..core.catalog import Catalog, Entry, Feature, Model
from ..core.errors import CallError
from ..core.events import Completed
from ..core.reasons import Reason
from ..engine.engine import Engine
from ..engine.failover import Call
from ..pb import chat_pb2, chat_pb2_grpc
from .edge import SCOPE, Context, Labels, abort, trailers
from .gate import Gate
from .incoming import AnyRequest, request_of
from .incoming_embed import embed_request_of
from .outgoing import completed as completed_message
from .outgoing import event as event_message
from .outgoing_embed import embedded

_ALL_FEATURES = tuple(Feature)


class ChatServicer(chat_pb2_grpc.ChatServiceServicer):
    """`gate` says whether new calls are taken."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        self._engine = engine
        self._gate = gate

    async def Chat(self, request: chat_pb2.ChatRequest, context: Context) -> None:  # type: ignore[override]
        """Streams an answer."""
        labels = Labels.of(context, request.request_id)
        try:
            call = self._call(request, labels, context, buffered=False)
            async with call:
                async for batch in call:
                    for event in batch:
                        if isinstance(event, Completed):
                            context.set_trailing_metadata(tuple(trailers(labels, call.attempts, event.target)))
                        await context.write(event_message(event))
        except CallError as error:
            await abort(context, error, labels)

    async def Complete(self, request: chat_pb2.CompleteRequest, context: Context) -> chat_pb2.CompleteResponse:
        """One answer at the end."""
        labels = Labels.of(context, request.request_id)
        try:
            call = self._call(request, labels, context, buffered=True)
            done: Completed | None = None
            async with call:
                async for batch in call:
                    if isinstance(last := batch[-1], Completed):
                        done = last
            if done is None:
                raise AssertionError("a call ends with Completed or raises")
            context.set_trailing_metadata(tuple(trailers(labels, call.attempts, done.target)))
            return completed_message(done, chat_pb2.CompleteResponse)
        except CallError as error:
            await abort(context, error, labels)

    def _call(self, request: AnyRequest, labels: Labels, context: Context, *, buffered: bool) -> Call:
        """The call, begun; the guard learns of it."""
        self._gate.check()
        asked = request_of(request, labels.request_id, labels.trace)
        call = SCOPE.get().call = self._engine.call(asked, context.time_remaining(), buffered=buffered)
        return call

    async def Embed(self, request: chat_pb2.EmbedRequest, context: Context) -> chat_pb2.EmbedResponse:
        """Vectors, all of them at the end."""
        labels = Labels.of(context, request.request_id)
        try:
            self._gate.check()
            asked = embed_request_of(request, labels.request_id, labels.trace)
            call = SCOPE.get().call = self._engine.embed(asked, context.time_remaining())
            async with call:
                done = await call.answer()
            context.set_trailing_metadata(tuple(trailers(labels, call.attempts, done.target)))
            return embedded(done, call.vectors)
        except CallError as error:
            await abort(context, error, labels)

    async def RecordOutcome(
        self, request: chat_pb2.RecordOutcomeRequest, context: Context
    ) -> chat_pb2.RecordOutcomeResponse:
        """Not built yet."""
        await abort(context, not_built("ChatService.RecordOutcome"), Labels.of(context, request.request_id))

    async def ListModels(self, request: chat_pb2.ListModelsRequest, context: Context) -> chat_pb2.ListModelsResponse:
        """Declared models and aliases, and how a request for each would fare now."""
        labels = Labels.of(context, "")
        catalog = self._engine.catalog
        try:
            self._gate.check()
            if request.HasField("provider") and request.provider not in catalog.providers:
                known = ", ".join(sorted(catalog.providers))
                raise CallError(
                    Reason.UNKNOWN_MODEL, f"no provider is called {request.provider[:64]!r}; configured: {known}"
                )
            context.set_trailing_metadata(tuple(trailers(labels, 0, None)))
            return self._list(catalog, request.provider if request.HasField("provider") else None)
        except CallError as error:
            await abort(context, error, labels)

    def _list(self, catalog: Catalog, only: str | None) -> chat_pb2.ListModelsResponse:
        response = chat_pb2.ListModelsResponse(default_model=catalog.default_model or "")
        for name, provider in catalog.providers.items():
            if only is None or name == only:
                response.models.extend(self._model(Entry(name, model.id), model) for model in provider.models.values())
        for alias in catalog.aliases.values() if only is None else ():
            found = self._engine.availability(alias.name)
            response.aliases.add(
                name=alias.name,
                targets=alias.targets,
                isolated=alias.isolated,
                interchangeable=alias.interchangeable,
                chain_length=found.chain_length,
                available=found.is_available,
            )
        return response

    def _model(self, entry: Entry, model: Model) -> chat_pb2.ModelInfo:
        found = self._engine.availability(str(entry))
        features = set(model.features or ()) | ({Feature.STREAMING} if model.streaming else set())
        return chat_pb2.ModelInfo(
            reference=str(entry),
            provider=entry.provider,
            model=entry.model,
            capabilities=[chat_pb2.Capability.Value(f"CAPABILITY_{f.name}") for f in _ALL_FEATURES if f in features]
            if model.features is not None
            else [],
            capabilities_known=model.features is not None,
            context_window=model.context_window,
            input_price=model.price.input if model.price is not None else None,
            output_price=model.price.output if model.price is not None else None,
            chain_length=found.chain_length,
            available=found.is_available,
        )


def not_built(name: str) -> CallError:
    """The error for an rpc or a field this version does not do yet."""
    return CallError(Reason.NOT_BUILT, f"not built yet: {name}", metadata={"field": name})
