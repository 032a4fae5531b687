# One image for every process; what it is told to run makes it one of them.
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 LOG_FORMAT=json
WORKDIR /rollcall
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
USER nobody
CMD ["rollcall", "web"]
