internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodePoet
internal import PoetClient

/// Which server is asked.
struct ServerOption: ParsableArguments {
    @Option(help: "Address of the PoET, ours or the original's.") var server = "http://127.0.0.1:8080"
    @Flag(help: "Print JSON.") var json = false

    /// A client; what it says is said with the server's name.
    func ask<Value: Sendable>(
        _ question: @Sendable (PoetClient) async throws -> Value
    ) async throws -> Value {
        do {
            return try await question(try PoetClient(server))
        } catch let fault as PoetClientFault {
            throw CommandFault("poet: \(server): \(fault)")
        }
    }
}

/// `spacenode poet status`.
struct ToolStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the rounds of a PoET: exit status 1 when none is open or works.")

    @OptionGroup var server: ServerOption

    func run() async throws {
        let info = try await server.ask { try await $0.info() }
        if server.json { return try printJSON(info) }
        show("works on", info.executingRoundId, info.executingRound)
        if let leaves = info.leaves { say("leaves     \(leaves.value)") }
        show("takes registrations for", info.openRoundId, info.openRound)
        if [info.executingRoundId ?? "", info.openRoundId ?? ""].allSatisfy(\.isEmpty) {
            say("no round works or takes registrations now, or the server does not say")
        }
        if let key = info.servicePubkey { say("key        \(Hexadecimal.text(of: key))") }
        if let certifier = info.certifier {
            say("certifier  \(certifier.url ?? Hexadecimal.text(of: certifier.pubkey))")
        }
    }

    private func show(_ what: String, _ id: String?, _ span: PoetJSON.Span?) {
        guard let id, !id.isEmpty else { return }
        guard let span else { return say("\(what) round \(id)") }
        say(
            "\(what) round \(id), from \(MomentText.text(span.start.value)) to \(MomentText.text(span.end.value))"
        )
    }
}

/// `spacenode poet register`.
struct ToolRegister: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Register a challenge in a PoET's open round.",
        discussion: """
            Who registers does not matter to the chain, so without --key a new key is made for this once. Work \
            that the server asks for \
            is done; with the difficulties of the original's servers that takes minutes.
            """)

    @OptionGroup var server: ServerOption
    @Option(help: "The challenge, 64 hexadecimal digits.") var challenge: Bytes32
    @Option(help: "Genesis id of the network, 40 hexadecimal digits.") var genesisId: String
    @Option(help: "File with a secret key: 64 or 128 hexadecimal digits, as the original writes them.")
    var key: String?
    @Option(help: "File with a certifier's answer, JSON with certificate and signature.") var certificate:
        String?

    private struct Output: Encodable {
        let round: String
        let endsInMilliseconds: UInt64?
    }

    func run() async throws {
        let request = try request()
        let challenge = challenge
        let reply = try await server.ask { client in
            do {
                return try await client.submit(request)
            } catch PoetClientFault.refused(let status, _)
                where (status == 400 || status == 401) && request.certificate == nil
            {
                var worked = request
                let terms = try await client.workTerms()
                note("looking for a nonce of \(terms.difficulty) bits")
                guard let node = Bytes32(request.pubkey),
                    let nonce = PoetClient.work(terms, node: node, challenge: challenge)
                else { throw PoetClientFault.answer("it asks for \(terms.difficulty) bits of work") }
                (worked.powParams, worked.nonce) = (terms, NumberText(nonce))
                return try await client.submit(worked)
            }
        }
        if server.json {
            return try printJSON(
                Output(round: reply.roundId, endsInMilliseconds: reply.roundEnd?.milliseconds))
        }
        let end = reply.roundEnd.map {
            ", which ends in \(timeText(seconds: Double($0.milliseconds) / 1000))"
        }
        say("registered in round \(reply.roundId)\(end ?? "")")
    }

    private func request() throws -> PoetJSON.SubmitRequest {
        guard let genesis = Hexadecimal.bytes(of: genesisId), genesis.count == 20 else {
            throw CommandFault("poet: --genesis-id must have 40 hexadecimal digits")
        }
        let seed = try seed()
        let signed = OperatorBytes.registration(challenge: challenge, genesis: genesis)
        guard let node = Ed25519.publicKey(seed: seed), let signature = Ed25519.sign(signed, seed: seed)
        else {
            throw CommandFault("poet: libsodium does not start: is it installed whole?")
        }
        var request = PoetJSON.SubmitRequest(
            challenge: Data(challenge.bytes), pubkey: Data(node.bytes),
            prefix: Data(signed.dropLast(Bytes32.count)), signature: Data(signature))
        request.certificate = try certificate.map(readCertificate)
        return request
    }

    private func seed() throws -> Bytes32 {
        guard let key else {
            var generator = SystemRandomNumberGenerator()
            return Bytes32(generator.next(), generator.next(), generator.next(), generator.next())
        }
        let data = FileManager.default.contents(atPath: key) ?? Data()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Hexadecimal.bytes(of: text), bytes.count == 32 || bytes.count == 64,
            let seed = Bytes32(bytes.prefix(32))
        else { throw CommandFault("poet: \(key) holds no key: 64 or 128 hexadecimal digits") }
        return seed
    }

    private struct CertifierAnswer: Decodable {
        let certificate: Data
        let signature: Data
    }

    private func readCertificate(_ path: String) throws -> PoetJSON.Certificate {
        guard let data = FileManager.default.contents(atPath: path),
            let answer = try? PoetJSON.read(CertifierAnswer.self, data)
        else {
            throw CommandFault("poet: \(path) is no certifier's answer: JSON with certificate and signature")
        }
        return PoetJSON.Certificate(data: answer.certificate, signature: answer.signature)
    }
}

/// `spacenode poet proof`.
struct ToolProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Fetch a round's proof, check it, and make the chain's item of it.",
        discussion: "Exit status 1 when there is no proof yet, or it does not hold.")

    @OptionGroup var server: ServerOption
    @Option(help: "The round, as registering has named it.") var round: String
    @Option(help: "The challenge that was registered, 64 hexadecimal digits.") var challenge: Bytes32
    @Option(help: "The epoch whose challenge it is.") var epoch: UInt32
    @Option(help: "File for the item's canonical bytes.") var out: String?

    private struct Output: Encodable {
        let epoch: UInt32
        let index: UInt64
        let leaves: UInt64
        let statement: String
        let reference: String
        let itemBytes: Int
    }

    func run() async throws {
        let (round, challenge, epoch) = (round, challenge, epoch)
        let proof: PoetProof
        do {
            let client = try PoetClient(server.server)
            proof = try await client.proof(round: round).proof.proof(of: challenge, epoch: epoch)
        } catch let fault as PoetClientFault {
            note("poet: \(server.server): \(fault)")
            if case .address = fault { throw ExitCode(2) }
            if case .unreachable = fault { throw ExitCode(2) }
            throw ExitCode(1)
        }
        let bytes = BlockItem.poetProof(proof).bytes
        if let out { try WholeFile.replace(out.hasPrefix("/") ? out : "./\(out)", bytes) }
        let output = Output(
            epoch: epoch, index: proof.index, leaves: proof.leafCount,
            statement: "\(proof.statement(of: challenge))", reference: "\(WorkProof(proof).reference)",
            itemBytes: bytes.count)
        if server.json { return try printJSON(output) }
        say("valid: \(output.leaves) leaves on \(output.statement)")
        say("reference \(output.reference)")
    }
}
