/// Texts made with the openssl command.
enum PEMTexts {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBhjCCAS2gAwIBAgIUf1vVHBk2qI1SZPm0oRnWjKYaPJQwCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOZ2F0ZWhvdXNlLXRlc3QwHhcNMjYxMTIxMDQyNzUyWhcNMzYx
        MTE4MDQyNzUyWjAZMRcwFQYDVQQDDA5nYXRlaG91c2UtdGVzdDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABIYgvRyvs1O9oSwEtVrDGrazJrZzpI/ERFXxpU3oWy2z
        5J/4XUxRcvgpZOBMrFfKGfI3WiezjNvvN0/pts4XWy2jUzBRMB0GA1UdDgQWBBQf
        trfSzwSVJ5J58ej9KtKllEgTkjAfBgNVHSMEGDAWgBQftrfSzwSVJ5J58ej9KtKl
        lEgTkjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIEQ7pXgcD0X3
        tb2w7FQmyeuARFuMw6264GvOaoIgZiH1AiBzDec6bCsY5IfNotzr+Q7Q0DgV/Wt5
        2TlBNr73tZEANg==
        -----END CERTIFICATE-----
        """

    static let ed448 = """
        -----BEGIN PUBLIC KEY-----
        MEMwBQYDK2VxAzoAw5QDd0YgwZUwsdTEtUhoEiqUw8Zhk2p3LgJJVBjXhjo1qUov
        UThcF7Kj8gdBEdDaz4nRRfbtqWIA
        -----END PUBLIC KEY-----
        """

    static let secp256k1 = """
        -----BEGIN PUBLIC KEY-----
        MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEFjbduIHEHYnQUYXmkZcsHxGA1t5r/3J0
        nOqiFznHyZU6syS3e6fvKgOfrNYElIqD4tLrasH7WUaDfep1+Crcew==
        -----END PUBLIC KEY-----
        """
}
