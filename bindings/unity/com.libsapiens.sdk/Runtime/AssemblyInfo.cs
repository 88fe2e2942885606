using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Sapiens.Unity")]
[assembly: InternalsVisibleTo("Sapiens.Tests")]
