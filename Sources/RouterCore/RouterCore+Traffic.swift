internal import BusWire
internal import CBusProtocol

extension RouterCore {
    private static let defaultReplyBytes = 256 << 10
    private static let maxReplyBytes = 1 << 20
    private static let maxTypes = 64

    /// ReadTraffic: records from the ring, copied as they stand there.
    mutating func readTraffic(
        _ place: Int32, _ request: FrameHeader, _ payload: UnsafeRawBufferPointer,
        _ frame: UnsafeRawBufferPointer, _ now: UInt64
    ) {
        guard
            let message = arena.decode(
                payload, { spacenode__bus__v1__read_traffic_request__unpack($0, $1, $2) }),
            message.pointee.n_types <= Self.maxTypes
        else {
            return refuse(
                place, request, frame, .badFrame,
                "this is no ReadTrafficRequest, or it names more than \(Self.maxTypes) types", now)
        }
        let wanted = message.pointee.max_bytes == 0 ? Self.defaultReplyBytes : Int(message.pointee.max_bytes)
        let types = UnsafeBufferPointer(start: message.pointee.types, count: message.pointee.n_types)
        let found = traffic.read(
            TrafficRing.Wish(
                after: message.pointee.after, maxBytes: min(wanted, Self.maxReplyBytes),
                isHeadersOnly: message.pointee.headers_only != 0, types: Array(types)))
        var reply = Spacenode__Bus__V1__ReadTrafficReply()
        spacenode__bus__v1__read_traffic_reply__init(&reply)
        reply.last = found.last
        reply.missed = found.missed
        reply.newest = traffic.newest
        reply.kept_bytes = UInt64(traffic.capacity)
        var head = header(kind: FrameKind.reply, type: request.type, dest: sessions[Int(place)].instance)
        head.reply_to = request.id
        head.traffic_class = request.trafficClass
        outbox.send(&head, &reply, records: found.records, to: sessions[Int(place)].controlPeer)
    }
}
