internal import BusWire
internal import CBusProtocol

extension RouterCore {
    /// Time has passed: pings, deadlines, silence.
    ///
    /// Call it about every 50 ms.
    package mutating func tick(now: UInt64) {
        if began == nil { began = now }
        expire(now)
        for place in sessions.indices where sessions[place].state != .free {
            keepAlive(Int32(place), now)
        }
    }

    private mutating func expire(_ now: UInt64) {
        for entry in open.places(where: { $0.deadline <= now }) {
            let request = open[entry]
            totals.expired &+= 1
            if request.isStream {
                endStream(entry, .expired, "nothing moved for \(request.ttl) ms")
            } else {
                sendError(
                    to: request.caller, type: request.type, id: request.id, .expired,
                    "no answer within \(request.ttl) ms; whether it was carried out is unknown")
                cancelAtProvider(entry)
                close(entry)
            }
        }
        for place in sessions.indices where sessions[place].state != .free && sessions[place].parkedCount > 0
        {
            for index in 0..<CreditClass.count { dropExpired(place, index) }
        }
    }

    /// Requests that waited for credit and are over make room for others.
    private mutating func dropExpired(_ place: Int, _ index: Int) {
        var over: [Int32] = []
        sessions[place][credit: index].parked.removeAll(
            where: { $0.isOpening && !open.isLive($0.entry, generation: $0.generation) },
            discarding: { over.append($0) })
        for slot in over { outbox.discard(slot) }
    }

    private mutating func keepAlive(_ place: Int32, _ now: UInt64) {
        let session = Int(place)
        if now >= sessions[session].heard + limits.goneAfterMilliseconds {
            outbox.audit(
                .warning, "silent for \(limits.goneAfterMilliseconds) ms: session ended",
                session: sessions[session].name)
            reject(session: place, .unknownSession, "silent for too long: say HELLO again", permanent: false)
            return endSession(place, now)
        }
        if !sessions[session].isAttached, now >= sessions[session].began + limits.attachWithinMilliseconds {
            reject(
                session: place, .unknownSession,
                "no ATTACH on the data socket within \(limits.attachWithinMilliseconds) ms: say HELLO again",
                permanent: false)
            return endSession(place, now)
        }
        if now >= sessions[session].pinged + limits.heartbeatMilliseconds {
            sessions[session].pinged = now
            sessions[session].pingStamp &+= 1
            var ping = Spacenode__Bus__V1__Ping()
            spacenode__bus__v1__ping__init(&ping)
            ping.stamp = sessions[session].pingStamp
            send(.ping, &ping, to: place)
        }
        reportGaps(place)
    }
}
