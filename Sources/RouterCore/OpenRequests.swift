/// A request or stream that has no outcome yet.
struct OpenRequest {
    var isLive = false
    var isStream = false
    /// Whether the caller (upload) has said that it sent all items.
    var callerEnded = false
    var generation: UInt32 = 0
    var caller: Int32 = -1
    var provider: Int32 = -1
    var type: UInt32 = 0
    var classIndex = 0
    var id: UInt64 = 0
    /// Unix nanoseconds of its opening.
    var began: UInt64 = 0
    var deadline: UInt64 = 0
    var ttl: UInt64 = 0
    var toCaller = ItemCount()
    var toProvider = ItemCount()
}

/// Items of one direction of a stream.
struct ItemCount {
    var allowed: UInt64 = 0
    var sent: UInt64 = 0
}

/// Who asked, with which id.
struct RequestKey: Hashable {
    let caller: Int32
    let id: UInt64
}

/// All open requests and streams, found by caller and id.
///
/// Bounded; allocates only while growing.
struct OpenRequests {
    private(set) var entries: [OpenRequest] = []
    private var free: [Int32] = []
    private var places: [RequestKey: Int32] = [:]
    let limit: Int

    init(limit: Int) {
        self.limit = limit
        entries.reserveCapacity(min(limit, 4096))
        places.reserveCapacity(min(limit, 4096))
    }

    var count: Int { places.count }

    @inline(__always)
    func find(caller: Int32, id: UInt64) -> Int32? {
        places[RequestKey(caller: caller, id: id)]
    }

    /// Adds an entry.
    /// - Returns: its place, or nil when the table is full.
    mutating func add(_ request: OpenRequest) -> Int32? {
        let place: Int32
        if let reused = free.popLast() {
            place = reused
        } else {
            guard entries.count < limit else { return nil }
            place = Int32(entries.count)
            entries.append(OpenRequest())
        }
        let generation = entries[Int(place)].generation &+ 1
        entries[Int(place)] = request
        entries[Int(place)].generation = generation
        entries[Int(place)].isLive = true
        places[RequestKey(caller: request.caller, id: request.id)] = place
        return place
    }

    mutating func remove(_ place: Int32) {
        let entry = entries[Int(place)]
        guard entry.isLive else { return }
        entries[Int(place)].isLive = false
        places[RequestKey(caller: entry.caller, id: entry.id)] = nil
        free.append(place)
    }

    subscript(_ place: Int32) -> OpenRequest {
        @inline(__always)
        _read { yield entries[Int(place)] }
        @inline(__always)
        _modify { yield &entries[Int(place)] }
    }

    /// Whether the entry that a frame was parked for is still the same and open.
    func isLive(_ place: Int32, generation: UInt32) -> Bool {
        place >= 0 && entries[Int(place)].isLive && entries[Int(place)].generation == generation
    }

    /// Places of live entries that fit.
    func places(where fits: (OpenRequest) -> Bool) -> [Int32] {
        guard count > 0 else { return [] }
        return entries.indices.filter { entries[$0].isLive && fits(entries[$0]) }.map(Int32.init)
    }
}
