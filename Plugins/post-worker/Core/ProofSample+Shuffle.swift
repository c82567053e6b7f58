internal import NodeCrypto

extension ProofSample {
    /// The numbers below `count`, at most 65,535 of them, in an order that a seed decides.
    package static func shuffled(_ count: Int, seed: [UInt8]) -> [Int] {
        var hasher = BLAKE3()
        hasher.update(seed)
        var output = hasher.output()
        var list = Array(0..<min(count, Int(UInt16.max)))
        for place in list.indices {
            let left = UInt16(list.count - place)
            // Numbers above the last whole multiple would make some orders likelier.
            let limit = UInt16.max - UInt16.max % left
            var drawn = output.nextUInt16()
            while drawn >= limit { drawn = output.nextUInt16() }
            list.swapAt(place, place + Int(drawn % left))
        }
        return list
    }
}
