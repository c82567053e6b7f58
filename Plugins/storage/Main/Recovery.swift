internal import StorageCore

/// Opens the database so that a torn end of the log is dropped and damage to what was promised is not passed over.
///
/// First every record must be whole. When one is not, the readable part is read into memory, with nothing changed on the
/// disk, and where it ends is held against the mark. See docs/adr/0021.
struct Recovery {
    let settings: StorageSettings
    let mark: DurableMark?
    /// A person has said that what is missing may be given up.
    var acceptsLoss = false

    struct Opened {
        let database: RocksDatabase
        /// What a person should know of it.
        let note: String?
    }

    /// - Parameter forReading: changes nothing on the disk, and takes no writes.
    func open(forReading: Bool = false) throws(StorageFailure) -> Opened {
        do throws(StorageFailure) {
            return try openWhole(forReading)
        } catch {
            guard error.kind == .corruption else { throw error }
            return try openCut(error, forReading)
        }
    }

    private var directory: String { settings.directory.database }

    private func openWhole(_ forReading: Bool) throws(StorageFailure) -> Opened {
        let database = try RocksDatabase(
            directory, settings, recovery: .absolute, forReading: forReading)
        guard let mark, mark.sequence > database.sequence, !acceptsLoss else {
            return Opened(database: database, note: nil)
        }
        throw StorageFailure(
            .other,
            "the database ends at operation \(database.sequence), but \(mark.sequence) were acknowledged as durable: the log is missing, or an older copy was put in place (then remove \(settings.directory.mark))"
        )
    }

    private func openCut(_ failure: StorageFailure, _ forReading: Bool) throws(StorageFailure) -> Opened {
        let probe: RocksDatabase?
        let readable: UInt64
        do throws(StorageFailure) {
            let reading = try RocksDatabase(directory, settings, recovery: .upToFault, forReading: true)
            readable = reading.sequence
            // The log's content is in memory once only: the second opening reads it again.
            probe = forReading ? reading : nil
        } catch {
            // Not the log, or not the log alone: the first error says what.
            throw failure
        }
        let verdict = LogVerdict(
            readable: readable, durable: acceptsLoss ? nil : mark, failure: failure,
            directory: directory)
        switch verdict {
        case .refuse(let text):
            throw StorageFailure(.corruption, text)
        case .openWithout(let note):
            if let probe { return Opened(database: probe, note: note) }
            return Opened(database: try RocksDatabase(directory, settings, recovery: .upToFault), note: note)
        }
    }
}
