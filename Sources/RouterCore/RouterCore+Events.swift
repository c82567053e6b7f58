internal import BusWire
internal import CBusProtocol

extension RouterCore {
    /// EVENT: numbered by its publisher, passed to every subscriber that has credit.
    @inline(__always)
    mutating func event(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ slot: Int32, _ now: UInt64
    ) {
        guard let topic = topic(place, header, frame, now) else { return outbox.discard(slot) }
        let last = topics.topics[Int(topic)].lastSeq
        guard header.seq == last &+ 1 || isNewer(place, topic, header, frame, last, now) else {
            return outbox.discard(slot)
        }
        topics.topics[Int(topic)].lastSeq = header.seq
        let receivers = fanOut(topic, header, frame.count, slot)
        watch(header, frame, to: 0, receivers: receivers)
    }

    /// The topic of an event, made when it is new; nil after a refusal.
    @inline(__always)
    private mutating func topic(
        _ place: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) -> Int32? {
        let name = TopicName(
            UnsafeRawBufferPointer(
                rebasing: frame[header.topicKeyOffset..<header.topicKeyOffset + header.topicKeyCount]))
        let cached = sessions[Int(place)].lastTopic
        if cached >= 0, topics.topics[Int(cached)].key.type == header.type,
            topics.topics[Int(cached)].key.name == name
        {
            return cached
        }
        let key = TopicKey(publisher: place, type: header.type, name: name)
        let found = topics.find(key) ?? newTopic(key, header, frame, now)
        if let found { sessions[Int(place)].lastTopic = found }
        return found
    }

    private mutating func newTopic(
        _ key: TopicKey, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) -> Int32? {
        let session = Int(key.publisher)
        guard let rule = rule(header.type), rule.pattern == .event, header.dest == 0 else {
            refuse(
                key.publisher, header, frame, .badFrame, "this type is not an event, or dest is not 0", now)
            return nil
        }
        guard rule.providers & sessions[session].roleBit != 0 else {
            let role = registry.roleName(sessions[session].role)
            refuse(
                key.publisher, header, frame, .forbidden,
                "role \(role) may not publish type \(hex(header.type))", now)
            return nil
        }
        guard sessions[session].topics < limits.maxTopicsPerSession else {
            refuse(
                key.publisher, header, frame, .limit, "a session publishes at most this many topics", now,
                limit: UInt64(limits.maxTopicsPerSession), actual: UInt64(sessions[session].topics + 1))
            return nil
        }
        sessions[session].topics += 1
        return topics.add(key)
    }

    /// A number that is not the next one: a hole is reported, a repetition refused.
    @inline(never)
    private mutating func isNewer(
        _ place: Int32, _ topic: Int32, _ header: FrameHeader, _ frame: UnsafeRawBufferPointer,
        _ last: UInt64,
        _ now: UInt64
    ) -> Bool {
        guard header.seq > last else {
            refuse(
                place, header, frame, .duplicate,
                "seq \(header.seq) is not above \(last), the last of this topic", now)
            return false
        }
        topics.topics[Int(topic)].lastSeq = header.seq &- 1
        for index in topics.topics[Int(topic)].subscribers.indices {
            withhold(topic, index, from: last &+ 1)
        }
        return true
    }

    @inline(__always)
    private mutating func fanOut(
        _ topic: Int32, _ header: FrameHeader, _ bytes: Int, _ slot: Int32
    ) -> UInt32 {
        var receivers: UInt32 = 0
        let classIndex = CreditClass.index(header.trafficClass) ?? CreditClass.normal
        var pending: Int32 = -1
        for index in topics.topics[Int(topic)].subscribers.indices {
            let subscriber = topics.topics[Int(topic)].subscribers[index]
            let session = Int(subscriber.session)
            guard sessions[session].isAttached, sessions[session][credit: classIndex].canSend(bytes),
                bytes <= sessions[session].maxFrame
            else {
                withhold(topic, index, from: header.seq)
                continue
            }
            if subscriber.gapFrom > 0 { reportGap(topic, index, to: header.seq &- 1) }
            sessions[session][credit: classIndex].useOut(bytes)
            count(out: bytes, session)
            // All but the last subscriber get a reference-counted copy.
            if pending >= 0 { outbox.forward(slot, to: sessions[Int(pending)].dataPeer, copy: true) }
            pending = subscriber.session
            receivers &+= 1
        }
        if pending >= 0 {
            outbox.forward(slot, to: sessions[Int(pending)].dataPeer)
        } else {
            outbox.discard(slot)
        }
        return receivers
    }

    // MARK: - Gaps

    /// Opens a gap for one subscriber, or lets an open one grow.
    private mutating func withhold(_ topic: Int32, _ index: Int, from seq: UInt64) {
        guard topics.topics[Int(topic)].subscribers[index].gapFrom == 0 else { return }
        topics.topics[Int(topic)].subscribers[index].gapFrom = seq
        let session = topics.topics[Int(topic)].subscribers[index].session
        sessions[Int(session)].openGaps.append(
            OpenGap(topic: topic, topicGeneration: topics.topics[Int(topic)].generation, from: seq))
    }

    private mutating func reportGap(_ topic: Int32, _ index: Int, to last: UInt64) {
        let subscriber = topics.topics[Int(topic)].subscribers[index]
        topics.topics[Int(topic)].subscribers[index].gapFrom = 0
        sendGap(topic, to: subscriber.session, from: subscriber.gapFrom, to: last)
    }

    /// Reports the gaps of a subscriber that has room again.
    mutating func reportGaps(_ place: Int32) {
        guard !sessions[Int(place)].openGaps.isEmpty, sessions[Int(place)].isAttached else { return }
        let gaps = sessions[Int(place)].openGaps
        sessions[Int(place)].openGaps.removeAll(keepingCapacity: true)
        for gap in gaps {
            let topic = topics.topics[Int(gap.topic)]
            guard topic.isLive, topic.generation == gap.topicGeneration,
                let index = topic.subscribers.firstIndex(where: { $0.session == place }),
                topic.subscribers[index].gapFrom > 0
            else { continue }
            // Without credit the gap goes on growing: one report for all of it.
            if hasRoom(place, type: topic.key.type) {
                reportGap(gap.topic, index, to: topic.lastSeq)
            } else {
                sessions[Int(place)].openGaps.append(gap)
            }
        }
    }

    private mutating func hasRoom(_ place: Int32, type: UInt32) -> Bool {
        guard let rule = rule(type), let index = CreditClass.index(UInt32(rule.trafficClass.rawValue)) else {
            return true
        }
        return sessions[Int(place)][credit: index].canSend(1)
    }

    /// Names events from…to as not delivered.
    ///
    /// In order with the events, and free of credit.
    mutating func sendGap(_ topic: Int32, to place: Int32, from first: UInt64, to last: UInt64) {
        guard last >= first, sessions[Int(place)].isAttached else { return }
        let key = topics.topics[Int(topic)].key
        sessions[Int(place)].gaps &+= last &- first &+ 1
        totals.gaps &+= last &- first &+ 1
        withBinary(key.name.bytes) {
            var gap = Spacenode__Bus__V1__Gap()
            spacenode__bus__v1__gap__init(&gap)
            gap.publisher = sessions[Int(key.publisher)].instance
            gap.epoch = sessions[Int(key.publisher)].epoch
            gap.type = key.type
            gap.topic_key = $0
            gap.from = first
            gap.to = last
            send(.gap, &gap, to: place, lane: .data)
        }
    }

    // MARK: - Subscriptions

    /// SUBSCRIBE: answered with SUBSCRIBED, then GAP or RESYNC for what was before.
    mutating func subscribe(_ place: Int32, _ payload: UnsafeRawBufferPointer) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__subscribe__unpack($0, $1, $2) }),
            message.pointee.topic_key.len <= maxTopicKeyBytes
        else { return }
        let type = message.pointee.type
        let name = TopicName(message.pointee.topic_key.bytes)
        var positions: [SubscriberPosition] = []
        for index in 0..<message.pointee.n_positions {
            guard let position = message.pointee.positions[index]?.pointee,
                position.topic_key.len <= maxTopicKeyBytes
            else { continue }
            positions.append(
                SubscriberPosition(
                    publisher: position.publisher, epoch: position.epoch,
                    name: TopicName(position.topic_key.bytes),
                    seq: position.seq))
        }
        let wish = Subscription(session: place, name: name)
        let (status, text) = subscriptionFault(place, type)
        guard status == .ok else { return answer(place, type, name, status, text) }
        if topics.subscribe(wish, type: type) { sessions[Int(place)].subscriptions += 1 }
        answer(place, type, name, .ok, "")
        // First that a new numbering begins, then what of it is missing.
        for position in positions where !isCurrent(position, type) { resync(place, type, position) }
        for topic in topics.places(type: type) where wish.fits(topics.topics[Int(topic)].key.name) {
            join(topic, place, positions)
        }
    }

    private mutating func subscriptionFault(_ place: Int32, _ type: UInt32) -> (BusStatus, String) {
        guard let rule = rule(type), rule.pattern == .event else {
            return (.unknownType, "type \(hex(type)) is not an event of a known contract")
        }
        guard rule.callers & sessions[Int(place)].roleBit != 0 else {
            return (
                .forbidden,
                "role \(registry.roleName(sessions[Int(place)].role)) may not read type \(hex(type))"
            )
        }
        guard sessions[Int(place)].subscriptions < limits.maxSubscriptionsPerSession else {
            return (.limit, "a session has at most \(limits.maxSubscriptionsPerSession) subscriptions")
        }
        return (.ok, "")
    }

    private mutating func answer(
        _ place: Int32, _ type: UInt32, _ name: TopicName, _ status: BusStatus, _ text: String
    ) {
        withBinary(name.bytes) { key in
            withBinary(Array(text.utf8)) { reason in
                var subscribed = Spacenode__Bus__V1__Subscribed()
                spacenode__bus__v1__subscribed__init(&subscribed)
                subscribed.type = type
                subscribed.topic_key = key
                subscribed.status = status.rawValue
                subscribed.text = reason
                send(.subscribed, &subscribed, to: place)
            }
        }
    }

    /// Makes a session a subscriber of a topic that has events already: those before are a gap.
    private mutating func join(_ topic: Int32, _ place: Int32, _ positions: [SubscriberPosition]) {
        guard topics.addSubscriber(place, to: topic) else { return }
        let key = topics.topics[Int(topic)].key
        let publisher = sessions[Int(key.publisher)]
        let known = positions.first {
            $0.publisher == publisher.instance && $0.epoch == publisher.epoch && $0.name == key.name
        }
        let first = min(known?.seq ?? 0, topics.topics[Int(topic)].lastSeq) &+ 1
        sendGap(topic, to: place, from: first, to: topics.topics[Int(topic)].lastSeq)
    }

    private func isCurrent(_ position: SubscriberPosition, _ type: UInt32) -> Bool {
        guard let publisher = instances[position.publisher], sessions[Int(publisher)].epoch == position.epoch
        else {
            return false
        }
        return topics.find(TopicKey(publisher: publisher, type: type, name: position.name)) != nil
    }

    private mutating func resync(_ place: Int32, _ type: UInt32, _ position: SubscriberPosition) {
        guard sessions[Int(place)].isAttached else { return }
        withBinary(position.name.bytes) {
            var resync = Spacenode__Bus__V1__Resync()
            spacenode__bus__v1__resync__init(&resync)
            resync.publisher = position.publisher
            resync.epoch = instances[position.publisher].map { sessions[Int($0)].epoch } ?? 0
            resync.type = type
            resync.topic_key = $0
            send(.resync, &resync, to: place, lane: .data)
        }
    }

    /// UNSUBSCRIBE.
    mutating func unsubscribe(_ place: Int32, _ payload: UnsafeRawBufferPointer) {
        guard let message = arena.decode(payload, { spacenode__bus__v1__unsubscribe__unpack($0, $1, $2) }),
            message.pointee.topic_key.len <= maxTopicKeyBytes
        else { return }
        let wish = Subscription(session: place, name: TopicName(message.pointee.topic_key.bytes))
        if topics.unsubscribe(wish, type: message.pointee.type) { sessions[Int(place)].subscriptions -= 1 }
    }
}
