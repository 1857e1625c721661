"""The compiled parts of the package; everything else stands in pyproject.toml.

They are optional: without a C compiler the installation succeeds and plain NumPy does their work.
"""

import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

FOLDER = "src/segmeans/clustering"
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))  # has no stable interface yet
STABLE = [] if FREE_THREADED else [("Py_LIMITED_API", "0x030B0000")]
OPTIONS = [
    "-std=c11",
    "-O3",
    "-pthread",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
]


class Build(build_ext):
    """Pass the options of GCC and Clang to the compilers that understand them."""

    def build_extension(self, ext: Extension) -> None:
        """Compile one part."""
        if self.compiler.compiler_type != "msvc":
            ext.extra_compile_args = [*OPTIONS, *ext.extra_compile_args]
            ext.extra_link_args = ["-pthread"]
        super().build_extension(ext)


def part(name: str, options: list[str]) -> Extension:
    """Describe one compiled module, for the stable interface of CPython 3.11 and newer."""
    return Extension(
        f"segmeans.clustering.{name}",
        [f"{FOLDER}/{name}.c"],
        depends=sorted(map(str, Path(FOLDER).glob(f"{name}_*.h"))),
        define_macros=[("_GNU_SOURCE", "1"), *STABLE],
        extra_compile_args=options,
        py_limited_api=not FREE_THREADED,
        optional=True,
    )


setup(
    ext_modules=[
        # products are fused only where the code says so: labels must not depend on the compiler
        part("_kernels", ["-ffp-contract=off"]),
    ],
    cmdclass={"build_ext": Build},
    options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp311"}},
)
