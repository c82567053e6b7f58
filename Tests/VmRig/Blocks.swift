import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import SwiftProtobuf
import TestSupport
import VmCore

/// Makes blocks of sends, one after the other; the same seed makes the same blocks.
struct BlockMaker {
    let world: World
    let transactions: Int
    /// One in so many transactions is spoilt: its signature, its nonce or its amount; 0: none.
    let spoilt: Int
    private var dice: SplitMix
    private var beacon: Bytes32
    private var parent = Bytes32.zero
    private var height: UInt64 = 0
    private var time: UInt64
    private var nonces: [Int: UInt64] = [:]
    private var addresses: [Int: Address] = [:]

    init(_ world: World, transactions: Int, spoilt: Int, seed: UInt64) {
        self.world = world
        self.transactions = transactions
        self.spoilt = spoilt
        dice = SplitMix(seed: seed)
        beacon = world.rules.firstBeacon
        time = world.time
    }

    /// The next block.
    /// - Parameter chosen: its transactions; nil: sends by dice.
    mutating func next(_ chosen: [Data]? = nil) throws -> Spacenode_Vm_V1_Block {
        height += 1
        time += world.rules.parameters.blockInterval
        let alpha = world.rules.beaconAlpha(height: height, last: beacon)
        guard let proof = VRF.prove(alpha, seed: World.vrfSeed), let beta = VRF.output(ofUnchecked: proof),
            let proposer = Ed25519.publicKey(seed: World.operatorSeed)
        else { throw RigFault("libsodium does not start") }
        beacon = world.rules.beacon(after: beacon, beta: beta)
        var block = Spacenode_Vm_V1_Block()
        block.height = height
        block.timeMs = time
        block.parentHash = Data(parent.bytes)
        block.proposer = Data(proposer.bytes)
        block.items = [Data(BlockItem.system(SystemRecord(proof: proof)).bytes)]
        block.transactions = try chosen ?? (0..<transactions).map { _ in Data(try transaction()) }
        if height > 1 { block.present = Data([1]) }
        // Headers come later: any hash of the block tells it from another.
        parent = BLAKE3.hash(try block.serializedBytes())
        block.hash = Data(parent.bytes)
        return block
    }

    /// Goes on behind the blocks that a ledger has, whoever made them of the same operator.
    mutating func resume(after info: Spacenode_Vm_V1_InfoReply) throws {
        guard info.height > height else { return }
        while height < info.height {
            height += 1
            let alpha = world.rules.beaconAlpha(height: height, last: beacon)
            guard let proof = VRF.prove(alpha, seed: World.vrfSeed), let beta = VRF.output(ofUnchecked: proof)
            else { throw RigFault("libsodium does not start") }
            beacon = world.rules.beacon(after: beacon, beta: beta)
        }
        time = info.timeMs
        parent = Bytes32([UInt8](info.blockHash)) ?? .zero
    }

    private mutating func transaction() throws -> [UInt8] {
        let (sender, receiver) = (dice.below(world.accounts), dice.below(world.accounts))
        var nonce = nonces[sender] ?? 0
        var amount = 1 + dice.next() % 1_000_000
        let fault = spoilt > 0 && dice.below(spoilt) == 0 ? dice.below(3) : -1
        switch fault {
        case 0: break
        case 1: nonce = nonce > 0 ? nonce - 1 : nonce
        case 2: amount = World.balance * 1000
        default: break
        }
        let body = TransactionBody(
            principal: try address(sender), action: .spend(to: try address(receiver), amount: amount),
            nonce: nonce, gasPrice: 1)
        let message = world.rules.parameters.genesisID + body.scale
        guard var signature = Ed25519.sign(message, seed: world.seed(sender)) else {
            throw RigFault("libsodium does not start")
        }
        if fault == 0 { signature[dice.below(64)] ^= 1 }
        if fault != 0, fault != 1 || nonce == (nonces[sender] ?? 0) { nonces[sender] = nonce + 1 }
        return SignedTransaction(body, .one(signature)).raw
    }

    private mutating func address(_ account: Int) throws -> Address {
        if let known = addresses[account] { return known }
        let address = try world.arguments(account).principal
        addresses[account] = address
        return address
    }
}
