internal import BusWire
internal import Logging
internal import NodeProtocol
internal import SwiftProtobuf

extension BusEngine {
    // MARK: - Publishing

    /// Publishes one event under the next number of its topic.
    /// - Returns: its number in this session.
    func publish(_ info: MethodInfo, payload: [UInt8], key: [UInt8], cause: Cause?) async throws
        -> EventContext
    {
        guard key.count <= maxTopicKeyBytes else {
            throw BusError(
                .badFrame, "a topic key has at most \(maxTopicKeyBytes) bytes",
                limit: UInt64(maxTopicKeyBytes),
                actual: UInt64(key.count))
        }
        let classIndex = creditIndex(info)
        let admitted = await admission(
            bytes: payload.count + key.count + frameOverhead, info: info, classIndex: classIndex,
            deadline: now + UInt64(info.ttlMilliseconds))
        let session = try admitted.get()
        let topic = PublishedTopic(type: info.type, key: key)
        let seq = topics[topic, default: 0] + 1
        topics[topic] = seq
        var header = header(kind: FrameKind.event, type: info.type, session)
        // From the counter of requests, so that what this event causes can name it.
        nextID += 1
        header.id = nextID
        header.seq = seq
        header.trafficClass = info.trafficClass.rawValue
        header.schema = info.schema
        header.causeSource = cause?.source ?? 0
        header.causeID = cause?.id ?? 0
        guard sendData(header, topicKey: key, payload: payload, classIndex: classIndex) else {
            throw BusError(.routerLost, "the router is gone; the event was not published")
        }
        return EventContext(
            publisher: session.instance, epoch: session.epoch, role: options.role, key: key, seq: seq,
            id: nextID)
    }

    // MARK: - Subscribing

    /// Subscribes and waits for the router's word, if there is a session.
    func subscribe(_ info: MethodInfo, key: [UInt8]) async throws -> SubscriptionState {
        nextSubscription += 1
        let state = SubscriptionState(id: nextSubscription, info: info, key: key)
        subscriptions[state.id] = state
        guard isEstablished else { return state }
        sendSubscribe(state.id)
        let error = await withUnsafeContinuation { state.confirmation = $0 }
        if let error { throw error }
        return state
    }

    /// SUBSCRIBE with the positions that we had come to.
    func sendSubscribe(_ id: UInt64) {
        guard let state = subscriptions[id] else { return }
        state.generation = generation
        var message = Spacenode_Bus_V1_Subscribe()
        message.type = state.info.type
        message.topicKey = .init(state.key)
        // Sorted, so that the same history sends the same bytes.
        let known = positions.filter {
            $0.key.type == state.info.type && (state.key.isEmpty || state.key == $0.key.key)
        }
        message.positions = known.map { topic, seen in
            var position = Spacenode_Bus_V1_Position()
            position.publisher = topic.publisher
            position.epoch = seen.epoch
            position.topicKey = .init(topic.key)
            position.seq = seen.seq
            return position
        }.sorted { ($0.publisher, $0.seq) < ($1.publisher, $1.seq) }.prefix(1000).map { $0 }
        sendControl(.subscribe, message)
    }

    func handleSubscribed(_ message: Spacenode_Bus_V1_Subscribed) {
        let key = [UInt8](message.topicKey)
        for state in subscriptions.values where state.info.type == message.type && state.key == key {
            if message.status == 1 {
                state.confirmation?.resume(returning: nil)
                state.confirmation = nil
                continue
            }
            let error = BusError(
                .init(rawValue: message.status), String(decoding: message.text, as: UTF8.self))
            subscriptions[state.id] = nil
            state.end(error)
        }
    }

    /// Ends a subscription.
    func unsubscribe(_ state: SubscriptionState) {
        guard subscriptions.removeValue(forKey: state.id) != nil else { return }
        let isShared = subscriptions.values.contains {
            $0.info.type == state.info.type && $0.key == state.key
        }
        if !isShared {
            var message = Spacenode_Bus_V1_Unsubscribe()
            message.type = state.info.type
            message.topicKey = .init(state.key)
            sendControl(.unsubscribe, message)
        }
        while let element = state.take() { release(state, element) }
        state.end(nil)
    }

    /// The next element; nil when the subscription is over.
    func nextElement(_ state: SubscriptionState) async throws -> RawElement? {
        while true {
            if let element = state.take() {
                release(state, element)
                return element
            }
            if state.hasEnded {
                if let error = state.error { throw error }
                return nil
            }
            if Task.isCancelled { return nil }
            await withTaskCancellationHandler {
                await withUnsafeContinuation { state.waiter = $0 }
            } onCancel: {
                executor.post { state.wake() }
            }
        }
    }

    private func release(_ state: SubscriptionState, _ element: RawElement) {
        guard case .event(_, _, let bytes) = element else { return }
        processed(bytes, classIndex: creditIndex(state.info), generation: state.generation)
    }

    // MARK: - What arrives

    /// EVENT: numbered against what was seen, given to every subscription that fits.
    func deliver(
        _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer,
        classIndex: Int
    ) {
        let key = [UInt8](
            UnsafeRawBufferPointer(
                rebasing: frame[header.topicKeyOffset..<header.topicKeyOffset + header.topicKeyCount]))
        let topic = TopicPosition(publisher: header.source, type: header.type, key: key)
        guard advance(topic, epoch: header.epoch, from: header.seq, to: header.seq) else {
            return processed(frame.count, classIndex: classIndex, generation: generation)
        }
        let context = EventContext(
            publisher: header.source, epoch: header.epoch, role: BusRole(rawValue: header.role), key: key,
            seq: header.seq, id: header.id)
        // The frame's credit goes back once: with the first subscription that takes it.
        var bytes = frame.count
        let body = [UInt8](payload)
        for state in fitting(topic) {
            state.add(.event(payload: body, context, bytes: bytes))
            bytes = 0
        }
        if bytes > 0 { processed(bytes, classIndex: classIndex, generation: generation) }
    }

    func handleGap(_ gap: Spacenode_Bus_V1_Gap) {
        guard isEstablished, gap.from >= 1, gap.to >= gap.from else { return }
        let topic = TopicPosition(publisher: gap.publisher, type: gap.type, key: [UInt8](gap.topicKey))
        // What was seen already is not missing.
        let seen = positions[topic].flatMap { $0.epoch == gap.epoch ? $0.seq : nil } ?? 0
        let first = max(gap.from, seen + 1)
        guard first <= gap.to, advance(topic, epoch: gap.epoch, from: first, to: gap.to) else { return }
        report(topic, epoch: gap.epoch, first...gap.to, isReported: true)
    }

    func handleResync(_ resync: Spacenode_Bus_V1_Resync) {
        guard isEstablished else { return }
        let topic = TopicPosition(
            publisher: resync.publisher, type: resync.type, key: [UInt8](resync.topicKey))
        // Already following that session: nothing begins anew.
        if positions[topic]?.epoch == resync.epoch { return }
        if resync.epoch == 0 {
            positions[topic] = nil
        } else {
            positions[topic] = SeenPosition(epoch: resync.epoch, seq: 0)
        }
        let element = EventResync(publisher: topic.publisher, epoch: resync.epoch, key: topic.key)
        for state in fitting(topic) { state.add(.resync(element)) }
    }

    /// Moves our position on; a hole is reported, what was seen already refused.
    private func advance(_ topic: TopicPosition, epoch: UInt32, from first: UInt64, to last: UInt64) -> Bool {
        var seen = positions[topic] ?? SeenPosition(epoch: epoch, seq: 0)
        if seen.epoch != epoch {
            let element = EventResync(publisher: topic.publisher, epoch: epoch, key: topic.key)
            for state in fitting(topic) { state.add(.resync(element)) }
            seen = SeenPosition(epoch: epoch, seq: 0)
        }
        guard first > seen.seq else { return false }
        if first > seen.seq + 1 {
            // The router names every hole; one that it did not name is worth a line in the log.
            logger.warning(
                "events missing without a GAP", metadata: ["from": "\(seen.seq + 1)", "to": "\(first - 1)"])
            report(topic, epoch: epoch, (seen.seq + 1)...(first - 1), isReported: false)
        }
        positions[topic] = SeenPosition(epoch: epoch, seq: last)
        return true
    }

    private func report(
        _ topic: TopicPosition, epoch: UInt32, _ numbers: ClosedRange<UInt64>, isReported: Bool
    ) {
        let gap = EventGap(
            publisher: topic.publisher, epoch: epoch, key: topic.key, numbers: numbers, isReported: isReported
        )
        for state in fitting(topic) { state.add(.gap(gap)) }
    }

    private func fitting(_ topic: TopicPosition) -> [SubscriptionState] {
        subscriptions.values.filter { $0.info.type == topic.type && ($0.key.isEmpty || $0.key == topic.key) }
    }
}
