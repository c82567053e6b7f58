internal import NodeBus
internal import NodeOperator
internal import NodeProtocol
internal import SwiftProtobuf

/// Runs `body` with a session in the operator's role.
func withBus<R: Sendable>(_ common: CommonOptions, _ body: @Sendable (BusClient) async throws -> R)
    async throws -> R
{
    try await NodeOperator.withBus(try common.paths(), body)
}

/// One call in the operator's role.
func ask<Request: SwiftProtobuf.Message, Reply: SwiftProtobuf.Message>(
    _ common: CommonOptions, _ method: CallMethod<Request, Reply>, _ request: Request
) async throws -> Reply {
    try await withBus(common) { try await $0.call(method, request) }
}
