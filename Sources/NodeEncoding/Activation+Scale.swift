package import NodeDomain

extension Activation {
    /// Bytes that a signature of the operator follows: version to plots.
    package var unsignedScale: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Activation.version)
        writer.writeCompact(UInt64(epoch))
        writer.write(`operator`)
        writer.writeOption(vrfKey) { writer, key in writer.write(key) }
        writer.write(UInt8(votes ? 1 : 0))
        writer.writeCompact(UInt64(plots.count))
        for plot in plots { plot.write(to: &writer) }
        return writer.bytes
    }

    /// Canonical bytes, without the tag of the item.
    package var scale: [UInt8] { unsignedScale + signature }

    /// What the operator signs.
    /// - Parameter genesis: 20 bytes that keep networks apart.
    package func signedBytes(genesis: [UInt8]) -> [UInt8] { genesis + [0x50] + unsignedScale }

    init(from reader: inout ScaleReader) throws(ScaleFault) {
        try reader.version(Activation.version)
        let epoch = try reader.compact32()
        let `operator` = try reader.bytes32()
        let vrfKey = try reader.option { reader throws(ScaleFault) in try reader.bytes32() }
        let votes = try reader.flag()
        var plots: [PlotProof] = []
        for _ in 0..<(try reader.compact(limit: UInt64(Activation.mostPlots))) {
            let plot = try PlotProof(from: &reader)
            guard plots.last.map({ $0.identity < plot.identity }) ?? true else {
                throw .invalid(offset: reader.offset, what: "identities of plots must rise, each once")
            }
            plots.append(plot)
        }
        self.init(
            epoch: epoch, operator: `operator`, vrfKey: vrfKey, votes: votes, plots: plots,
            signature: try reader.signature())
    }
}

extension PlotBinding {
    /// What the identity signs to bind its plot.
    package func signedBytes(
        genesis: [UInt8], epoch: UInt32, identity: Bytes32, operator: Bytes32
    ) -> [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(UInt64(epoch))
        writer.write(identity)
        writer.write(commitmentATX)
        writer.write(`operator`)
        writer.write(coinbase)
        return genesis + [0x51] + writer.bytes
    }
}

extension PlotProof {
    /// What the identity signs to bind its plot; nil without a binding.
    package func bindingBytes(genesis: [UInt8], epoch: UInt32, operator: Bytes32) -> [UInt8]? {
        binding?.signedBytes(genesis: genesis, epoch: epoch, identity: identity, operator: `operator`)
    }

    func write(to writer: inout ScaleWriter) {
        writer.write(identity)
        writer.writeCompact(UInt64(units))
        proof.write(to: &writer)
        writer.writeOption(binding) { writer, binding in
            writer.write(binding.commitmentATX)
            writer.write(binding.coinbase)
            writer.write(raw: binding.signature)
        }
    }

    init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            identity: try reader.bytes32(), units: try reader.compact32(),
            proof: try PostProof(from: &reader),
            binding: try reader.option { reader throws(ScaleFault) in
                PlotBinding(
                    commitmentATX: try reader.bytes32(), coinbase: try reader.address(),
                    signature: try reader.signature())
            })
    }
}
