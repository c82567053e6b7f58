package import SwiftProtobuf

/// Follows a topic; take the elements one after the other.
///
/// Ends when it is dropped.
package final class BusSubscription<Event: Message>: Sendable {
    let state: SubscriptionState
    let client: BusClient

    init(state: SubscriptionState, client: BusClient) {
        self.state = state
        self.client = client
    }

    deinit {
        client.executor.post { [engine = client.engine, state] in engine.unsubscribe(state) }
    }

    /// The next event, gap or resync; nil when the bus has ended.
    ///
    /// An element counts as processed when it is taken: who takes slowly gets gaps, nobody else does.
    /// - Throws: `BusError`, such as FORBIDDEN for this role.
    package func next() async throws -> EventElement<Event>? {
        guard let element = try await client.onBus({ [state] in try await $0.nextElement(state) }) else {
            return nil
        }
        switch element {
        case .event(let payload, let context, _): return .event(try Event(serializedBytes: payload), context)
        case .gap(let gap): return .gap(gap)
        case .resync(let resync): return .resync(resync)
        }
    }
}

/// Items from a provider.
///
/// Dropping it gives the stream up.
package final class BusDownload<Item: Message>: Sendable {
    let stream: StreamState
    let client: BusClient

    init(stream: StreamState, client: BusClient) {
        self.stream = stream
        self.client = client
    }

    deinit {
        client.executor.post { [engine = client.engine, stream] in engine.cancelStream(stream) }
    }

    /// The next item; nil when the provider has sent all.
    /// - Throws: `BusError`, LOST when the stream broke off.
    package func next() async throws -> Item? {
        guard let payload = try await client.onBus({ [stream] in try await $0.nextItem(stream) }) else {
            return nil
        }
        return try Item(serializedBytes: payload)
    }
}

/// Items to a provider.
///
/// Dropping it unfinished gives the stream up.
package final class BusUpload<Item: Message, Reply: Message>: Sendable {
    let stream: StreamState
    let client: BusClient

    init(stream: StreamState, client: BusClient) {
        self.stream = stream
        self.client = client
    }

    deinit {
        client.executor.post { [engine = client.engine, stream] in engine.cancelStream(stream) }
    }

    /// Sends one item, after waiting for the provider's room.
    package func send(_ item: Item) async throws {
        let payload: [UInt8] = try item.serializedBytes()
        try await client.onBus { [stream] in try await $0.sendItem(stream, payload: payload) }
    }

    /// Says that all was sent, and waits for the provider's word.
    package func finish() async throws -> Reply {
        let payload = try await client.onBus { [stream] engine in
            try await engine.endUpload(stream)
            return try await engine.uploadReply(stream)
        }
        return try Reply(serializedBytes: payload)
    }
}
