internal import BusWire
internal import NodeBus

/// One frame on its way.
struct FrameInFlight {
    let lane: BusLane
    let bytes: [UInt8]
}

/// A plugin's sockets in memory.
final class MemoryLink: BusLink {
    /// Frames that the router has not read yet.
    var toRouter: [FrameInFlight] = []
    var isConnected = false
    /// Every so many data frames, one is dropped without a word: the planted bug. 0: never.
    ///
    var dropEvery = 0
    private var sent = 0

    func send(_ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane)
        -> Int?
    {
        guard isConnected else { return nil }
        let bytes = header.frame(topicKey: topicKey, payload: [UInt8](payload))
        sent += 1
        if dropEvery > 0, lane == .data, sent % dropEvery == 0 { return bytes.count }
        toRouter.append(FrameInFlight(lane: lane, bytes: bytes))
        return bytes.count
    }
}
