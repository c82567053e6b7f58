internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol
internal import SwiftProtobuf

/// `spacenode bus`: what the router says of itself.
struct Bus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bus", abstract: "Sessions, refused messages and totals of the router.",
        subcommands: [Path.self, List.self, Dead.self, Stats.self, Drain.self, Tasks.self, Echo.self])

    /// Command `bus path`.
    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Folder of the router's sockets, for --bus ipc:DIR.")
        @OptionGroup var common: CommonOptions

        func run() throws {
            let run = try common.paths().run
            if common.json { return try printJSON(["path": run]) }
            print(run)
        }
    }

    /// Command `bus ls`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "Every session, with its traffic.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let reply = try await ask(
                common, RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest())
            let sessions = reply.sessions.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            if common.json { return try printJSON(sessions.map(SessionRow.init)) }
            printTable(
                [
                    "PLUGIN", "ROLE", "STATE", ">AGE", ">SENT", ">RECV", ">OPEN", ">WAIT", ">REFUSED",
                    ">GAPS",
                ], sessions.map(row))
        }

        private func row(_ session: Spacenode_Bus_V1_SessionInfo) -> [String] {
            let state = stateName(session.state).uppercased()
            let reason = session.reason.isEmpty ? "" : " (\(String(decoding: session.reason, as: UTF8.self)))"
            return [
                String(decoding: session.name, as: UTF8.self), BusRole(rawValue: session.role).name,
                state + reason, duration(session.sinceMs), grouped(session.inMessages),
                grouped(session.outMessages), "\(session.inFlight)", "\(session.parked)",
                "\(session.refused)", "\(session.gaps)",
            ]
        }
    }

    /// Command `bus dead`.
    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The newest messages that were refused or had expired.")
        @OptionGroup var common: CommonOptions
        @Option(name: .shortAndLong, help: "How many.") var number: UInt32 = 20

        func run() async throws {
            var request = Spacenode_Bus_V1_ListDeadLettersRequest()
            request.limit = number
            let reply = try await ask(common, RouterContract.listDeadLetters, request)
            if common.json { return try printJSON(DeadLetterList(reply)) }
            print("\(reply.total) since the router began")
            guard !reply.letters.isEmpty else { return }
            printTable([">AGE", "WHY", "TYPE", "FROM", ">BYTES"], reply.letters.map(row))
        }

        private func row(_ letter: Spacenode_Bus_V1_DeadLetter) -> [String] {
            // Only the head of the frame is kept, so the envelope itself is cut off.
            let header = BusFrame.header(of: [UInt8](letter.frame))
            return [
                duration(letter.ageMs), BusError.Code(rawValue: letter.status).name,
                header.map { "0x" + String($0.type, radix: 16) } ?? "unreadable",
                header.map { "\($0.source)" } ?? "?",
                "\(letter.frameBytes)",
            ]
        }
    }

    /// Command `bus stats`.
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Totals of the router.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let reply = try await ask(common, RouterContract.stats, Spacenode_Bus_V1_StatsRequest())
            if common.json { return print(try reply.jsonString()) }
            print("routed      \(reply.routedMessages) messages, \(reply.routedBytes) bytes")
            print(
                "refused     \(reply.refused)   expired \(reply.expired)   late \(reply.late)   gaps \(reply.gaps) events"
            )
            print(
                "waiting     \(reply.parkedMessages) messages, \(reply.parkedBytes) bytes   open requests \(reply.inFlight)"
            )
            print("sessions    \(reply.sessions), windows \(reply.windowBytes) bytes")
            if reply.highWaterTrips > 0 {
                print(
                    "ATTENTION   \(reply.highWaterTrips) full pipes in spite of credit: a bug, please report it"
                )
                throw ExitCode(1)
            }
        }
    }

    /// Command `bus drain`.
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask one plugin to finish what it has and stop.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the plugin, as bus ls shows it.") var name: String

        func run() async throws {
            let common = common
            let name = name
            try await withBus(common) { bus in
                let list = try await bus.call(
                    RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest())
                guard
                    let session = list.sessions.first(where: {
                        String(decoding: $0.name, as: UTF8.self) == name
                    })
                else {
                    throw ValidationError("no plugin is called \(name): spacenode bus ls shows them")
                }
                var request = Spacenode_Bus_V1_DrainRequest()
                request.instance = session.instance
                request.reason = Data("operator".utf8)
                _ = try await bus.call(RouterContract.drain, request)
            }
            if common.json { return try printJSON(["draining": name]) }
            print("\(name) was asked to drain")
        }
    }

    /// Command `bus echo`.
    struct Echo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call the example plugin, to see that the bus works.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "What to send.") var text: String

        func run() async throws {
            var request = Spacenode_Example_V1_EchoRequest()
            request.body = Data(text.utf8)
            let clock = ContinuousClock()
            let start = clock.now
            let reply = try await ask(common, ExampleContract.echo, request)
            let elapsed = clock.now - start
            let body = String(decoding: reply.body, as: UTF8.self)
            if common.json { return try printJSON(["reply": body]) }
            print(
                "\(body)   (\(elapsed.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 1)))) with joining the bus)"
            )
        }
    }
}
