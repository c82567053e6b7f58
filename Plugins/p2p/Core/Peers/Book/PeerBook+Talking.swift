/// Why what a peer told of others is its fault.
package enum PeerBookFault: Error, Hashable, Sendable {
    /// More records than a message may have.
    case tooManyRecords(Int, limit: Int)
    /// A record that its peer did not sign, or that is none.
    case record(PeerRecordFault)
}

/// What peers tell of others, and what they are told.
extension PeerBook {
    /// What a connected peer may still tell, and when it was told last.
    struct Talk: Sendable {
        var bucket: TokenBucket
        var told: UInt64?
    }

    /// What was taken of a message.
    package struct Intake: Hashable, Sendable {
        /// Records that are in the book now and were not, or stand there once more.
        package var added = 0
        /// Records that were there already.
        package var known = 0
        /// Records whose peers are not reachable, or without a place.
        package var refused = 0
        /// Records that were not read, as the peer tells too many.
        package var unread = 0
    }

    /// A peer is connected; it may tell of one peer, and a tenth more each second.
    package mutating func connected(_ handle: PeerHandle, now: UInt64) {
        talks[handle] = Talk(
            bucket: TokenBucket(
                ratePerKilosecond: PeerBookParameters.addressesPerKilosecond,
                capacity: PeerBookParameters.addressBurst, level: 1, now: now))
    }

    /// A peer is gone.
    package mutating func disconnected(_ handle: PeerHandle) { talks[handle] = nil }

    /// A peer was asked for others, so it may tell of a thousand.
    package mutating func asked(_ handle: PeerHandle, now: UInt64) {
        talks[handle]?.bucket.add(PeerBookParameters.addressBurst, now: now)
    }

    /// Takes in what a peer tells: as many records, drawn at random, as its rate allows; signatures cost more than
    /// all else.
    /// - Parameters:
    ///   - records: envelopes with routing records.
    ///   - handle: a connected peer.
    ///   - host: where it is.
    ///   - now: milliseconds.
    /// - Throws: `PeerBookFault`, which the peer is to blame for.
    package mutating func receive(
        _ records: [[UInt8]], from handle: PeerHandle, at host: Multiaddress.Host, now: UInt64
    ) throws(PeerBookFault) -> Intake {
        guard records.count <= PeerBookParameters.mostRecords else {
            throw .tooManyRecords(records.count, limit: PeerBookParameters.mostRecords)
        }
        var intake = Intake()
        var records = records
        records.shuffle(using: &generator)
        let source = NetworkGroup(host, .large)
        for (place, bytes) in records.enumerated() {
            guard talks[handle]?.bucket.take(1, now: now) ?? false else {
                intake.unread = records.count - place
                break
            }
            let record: SignedPeerRecord
            do { record = try SignedPeerRecord(bytes: bytes) } catch { throw .record(error) }
            guard let contact = PeerContact(record, allowsLocal: parameters.allowsLocal) else {
                intake.refused += 1
                continue
            }
            switch add(contact, from: source, now: now) {
            case .added: intake.added += 1
            case .known: intake.known += 1
            case .refused: intake.refused += 1
            }
        }
        return intake
    }

    /// Takes in one contact that a connected peer told of, if its rate allows it.
    package mutating func receive(
        _ contact: PeerContact, from handle: PeerHandle, source: NetworkGroup, now: UInt64
    ) -> Addition {
        guard talks[handle]?.bucket.take(1, now: now) ?? false else { return .refused }
        return add(contact, from: source, now: now)
    }

    /// What a peer that asks is told: 23 hundredths of the book and at most 250 records; nil: it asked too soon.
    ///
    /// Everybody is shown the same ones for ten minutes, so the book cannot be read out by asking often.
    package mutating func reply(to handle: PeerHandle, now: UInt64) -> [[UInt8]]? {
        guard var talk = talks[handle] else { return nil }
        if let told = talk.told, Milliseconds.since(told, now: now) < PeerBookParameters.replyPause {
            return nil
        }
        talk.told = now
        talks[handle] = talk
        if let sampled, Milliseconds.since(sampled, now: now) < PeerBookParameters.replyPause {
            return sample
        }
        sampled = now
        sample = drawSample(Self.time(now))
        return sample
    }

    private mutating func drawSample(_ time: Int64) -> [[UInt8]] {
        var found = entries.indices.filter { place in
            guard let entry = entries[place] else { return false }
            return !entry.contact.record.isEmpty && !entry.isTerrible(now: time)
        }
        let most = min(count * PeerBookParameters.replyShare / 100, PeerBookParameters.mostInReply)
        var records: [[UInt8]] = []
        while records.count < most, !found.isEmpty {
            found.swapAt(generator.below(found.count), found.count - 1)
            if let place = found.popLast(), let entry = entries[place] {
                records.append(entry.contact.record)
            }
        }
        return records
    }
}
