internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// The rules of a network, and what is computed from them alone (spec: chain, §1, §5).
package struct ChainRules: Sendable {
    /// The network's numbers.
    package let parameters: NetworkParameters
    /// Stands in what proposers prove of the beacon.
    package let chainID: String
    /// Operators that hold the seats at first, by rising key, with their shares of them.
    package let committee: [Voter]

    /// What operators agreed on after halts, by rising heights.
    package let recoveries: [Recovery]

    /// Rules of a network.
    /// - Throws: `ChainRefusal.network` when numbers, committee or recoveries are not those of any network.
    package init(
        _ parameters: NetworkParameters, chainID: String, committee: [Voter], recoveries: [Recovery] = []
    ) throws(ChainRefusal) {
        let fault = Self.fault(parameters) ?? Self.fault(committee) ?? Self.fault(recoveries, of: chainID)
        if let fault { throw .network(fault) }
        self.parameters = parameters
        self.chainID = chainID
        self.committee = committee
        self.recoveries = recoveries
    }

    /// How often the chain had been begun anew when a height was decided.
    package func revision(at height: UInt64) -> UInt32 {
        recoveries.last { $0.height < height }?.revision ?? 0
    }

    /// The chain as votes of a height name it: with its revision, which a recovery raises.
    package func votingChain(at height: UInt64) -> String { "\(chainID)-\(revision(at: height))" }

    /// The recovery behind which a height is the first; nil: there is none.
    package func recovery(before height: UInt64) -> Recovery? {
        recoveries.first { $0.height.addingReportingOverflow(1).partialValue == height }
    }

    private static func fault(_ recoveries: [Recovery], of chain: String) -> String? {
        var last: Recovery?
        for recovery in recoveries {
            guard recovery.chain == chain else { return "a recovery is one of \(recovery.chain)" }
            guard recovery.revision == (last?.revision ?? 0) + 1, recovery.height > last?.height ?? 0 else {
                return "each recovery must be of the next revision and behind a greater height"
            }
            last = recovery
        }
        return nil
    }

    private static func fault(_ numbers: NetworkParameters) -> String? {
        let (span, over) = numbers.layerTime.multipliedReportingOverflow(by: ChainLimit.layers)
        let labels = numbers.labelsPerUnit.multipliedReportingOverflow(by: UInt64(numbers.units.upperBound))
        let longest = UInt64.max / 4
        if numbers.genesisID.count != GenesisID.count { return "its genesis id must have 20 bytes" }
        if numbers.layerTime == 0 || over || numbers.genesisTime > UInt64.max - span {
            return "its layer time must be above 0, and its last layer at a time of 64 bits"
        }
        if numbers.epochTime < numbers.layerTime || numbers.epochTime > longest {
            return "its epoch must be as long as a layer at least"
        }
        if numbers.poetPhase > longest || numbers.poetWork > longest {
            return "its PoET's phase and work must be shorter"
        }
        if numbers.termHeights < 2 { return "its term must have two heights at least" }
        if numbers.seats == 0 || numbers.seats > 1 << 16 { return "its seats must be 1 to 65,536" }
        if numbers.fadingEpochs == 0 { return "its genesis committee must fade over one epoch at least" }
        if numbers.units.lowerBound == 0 || labels.overflow {
            return "its plots must have from 1 unit up to 2^64 labels"
        }
        if numbers.proofIndices == 0 || numbers.proofIndices > 100 { return "its K2 must be 1 to 100" }
        return nil
    }

    private static func fault(_ committee: [Voter]) -> String? {
        let rising = zip(committee, committee.dropFirst()).allSatisfy { $0.operator < $1.operator }
        let shares = committee.allSatisfy { (1...(1 << 32)).contains($0.power) }
        return committee.isEmpty || !rising || !shares || committee.count > 1 << 16
            ? "its committee must be named by rising keys, each with a share from 1 to 2^32" : nil
    }

    /// The term of a height; terms begin with height 1.
    package func term(of height: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (max(height, 1) - 1) / parameters.termHeights)
    }

    /// C of epoch 0, for which no window was open before it.
    package var firstChallenge: Bytes32 { poetChallenge(epoch: 0, after: .zero) }

    /// C: what PoETs work on for an epoch; known when the window before it opens.
    package func poetChallenge(epoch: UInt32, after post: Bytes32) -> Bytes32 {
        BLAKE3.hash(Array("sn/poet".utf8) + parameters.genesisID + epoch.littleEndianBytes + post.bytes)
    }

    /// The challenge of every plot in an epoch.
    /// - Parameters:
    ///   - reference: of the PoET proof.
    ///   - parent: hash of the block before the one that carries it.
    package func postChallenge(epoch: UInt32, reference: Bytes32, parent: Bytes32) -> Bytes32 {
        BLAKE3.hash(
            Array("sn/post".utf8) + parameters.genesisID + epoch.littleEndianBytes + reference.bytes
                + parent.bytes)
    }

    /// What a PoET that has a challenge among its members works on.
    package func statement(of challenge: Bytes32, index: UInt64, path: [Bytes32]) -> Bytes32 {
        var node = challenge
        for (place, sibling) in path.enumerated() {
            let pair =
                index >> UInt64(place) & 1 == 0
                ? node.bytes + sibling.bytes : sibling.bytes + node.bytes
            node = BLAKE3.hash([1] + pair)
        }
        return node
    }

    /// R of genesis.
    package var firstBeacon: Bytes32 { Self.sha256(Array("R".utf8) + parameters.genesisID) }

    /// R of a block, from that before it and the output of the proposer's VRF.
    package func beacon(after last: Bytes32, beta: [UInt8]) -> Bytes32 {
        Self.sha256(Array("R".utf8) + last.bytes + beta)
    }

    /// What the proposer of a height proves; the round is not in it, so each key has one output a height.
    package func beaconAlpha(height: UInt64, last: Bytes32) -> [UInt8] {
        OperatorBytes.beacon(chain: chainID, height: height, last: last)
    }

    static func sha256(_ bytes: [UInt8]) -> Bytes32 {
        // A digest has 32 bytes.
        Bytes32(SHA2.sha256(bytes)) ?? .zero
    }
}
