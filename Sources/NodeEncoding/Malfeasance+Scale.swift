package import NodeDomain

extension Malfeasance {
    /// Canonical bytes, without the tag of the item.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Malfeasance.version)
        writer.write(step.rawValue)
        writer.writeCompact(height)
        writer.writeCompact(UInt64(round))
        writer.write(`operator`)
        first.write(to: &writer)
        second.write(to: &writer)
        return writer.bytes
    }

    init(from reader: inout ScaleReader) throws(ScaleFault) {
        try reader.version(Malfeasance.version)
        let number = try reader.byte()
        guard let step = SignedStep(rawValue: number) else {
            throw .invalid(
                offset: reader.offset,
                what: "there is no step \(number): 1 prevotes, 2 precommits, 32 proposes")
        }
        self.init(
            step: step, height: try reader.compact(), round: try reader.compact32(),
            operator: try reader.bytes32(), first: try SignedBlock(of: step, from: &reader),
            second: try SignedBlock(of: step, from: &reader))
        guard let higher = second.block, first.block.map({ $0 < higher }) ?? true else {
            throw .invalid(
                offset: reader.offset, what: "its blocks must differ, the lower one first and none before any"
            )
        }
    }
}

extension SignedBlock {
    fileprivate func write(to writer: inout ScaleWriter) {
        writer.writeOption(block) { writer, block in
            writer.write(block.hash)
            writer.writeCompact(UInt64(block.partsTotal))
            writer.write(block.partsHash)
        }
        writer.writeCompact(UInt64(polRound))
        writer.writeCompact(seconds)
        writer.writeCompact(UInt64(nanoseconds))
        writer.write(raw: signature)
    }

    fileprivate init(of step: SignedStep, from reader: inout ScaleReader) throws(ScaleFault) {
        let block = try reader.option { reader throws(ScaleFault) in
            BlockReference(
                hash: try reader.bytes32(), partsTotal: try reader.compact32(),
                partsHash: try reader.bytes32())
        }
        self.init(
            block: block, polRound: try reader.compact32(), seconds: try reader.compact(),
            nanoseconds: UInt32(
                truncatingIfNeeded: try reader.compact(limit: UInt64(SignedBlock.mostNanoseconds))),
            signature: try reader.signature())
        if let fault = fault(of: step) { throw .invalid(offset: reader.offset, what: fault) }
    }

    private func fault(of step: SignedStep) -> String? {
        if step != .proposal && polRound != 0 { return "a vote has no polka's round: write 0" }
        guard block == nil else { return nil }
        if step == .proposal { return "a proposal is of a block" }
        return seconds == 0 && nanoseconds == 0 ? nil : "a vote for no block has no time: write 0"
    }
}
